package audit

import (
	"strings"
	"testing"
)

const log = `{"stage":"ResponseComplete","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"space","name":"a"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:05.678901Z"}
{"stage":"RequestReceived","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"space","name":"b"}}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"system:node:x"},"objectRef":{"resource":"pods","namespace":"space","name":"b"}}
{"stage":"ResponseComplete","verb":"update","user":{"username":"ds"},"objectRef":{"resource":"daemonsets","namespace":"space","name":"d","subresource":"status"}}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"ds"},"objectRef":{"resource":"pods","namespace":"other","name":"c"}}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := parse(log, "space")
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v; want the answered requests of the namespace, without subresources", got, err)
	}
	if s := got[0].String(); s != "03:04:05.678 delete pods a by ds: 200" {
		t.Errorf("the first is %q", s)
	}
	if got[0].OfKubelet() || !got[1].OfKubelet() {
		t.Errorf("who is a kubelet is wrong: %v", got)
	}
	if _, err := parse("not json\n", "space"); err == nil || !strings.Contains(err.Error(), "no audit event") {
		t.Errorf("got %v", err)
	}
}
