package audit

import (
	"maps"
	"strings"
	"testing"
)

const log = `{"stage":"ResponseComplete","verb":"create","user":{"username":"system:serviceaccount:kube-system:daemon-set-controller"},"objectRef":{"resource":"pods","namespace":"ns"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-11-24T10:00:00.000000Z"}
{"stage":"ResponseComplete","verb":"update","user":{"username":"system:serviceaccount:kube-system:daemon-set-controller"},"objectRef":{"resource":"daemonsets","subresource":"status","namespace":"ns","name":"agent"},"responseStatus":{"code":409},"requestReceivedTimestamp":"2026-11-24T10:00:01.000000Z"}
{"stage":"ResponseStarted","verb":"watch","user":{"username":"system:serviceaccount:kube-system:daemon-set-controller"},"objectRef":{"resource":"pods","namespace":"ns"},"requestReceivedTimestamp":"2026-11-24T10:00:01.000000Z"}
{"stage":"ResponseComplete","verb":"delete","user":{"username":"somebody"},"objectRef":{"resource":"pods","namespace":"ns","name":"p"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-11-24T10:00:02.000000Z"}
{"stage":"ResponseComplete","verb":"create","user":{"username":"system:serviceaccount:kube-system:daemon-set-controller"},"objectRef":{"resource":"pods","namespace":"other"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-11-24T10:00:03.000000Z"}
{"stage":"ResponseComplete","verb":"create","user":{"userna`

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := Read(strings.NewReader(log), `"ns"`, func(e Event) bool { return e.User == Controller })
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if counts := Count(got); !maps.Equal(counts, map[string]int{"create pods": 1, "update daemonsets/status": 1}) {
		t.Errorf("counted are %v", counts)
	}
	if last := got[1]; last.Code != 409 || last.Name != "agent" || !last.Write() || last.Received.Second() != 1 {
		t.Errorf("the last is %+v", last)
	}
	if _, err := Read(strings.NewReader("no JSON\n"), "", func(Event) bool { return true }); err == nil {
		t.Error("a line that is no event was read")
	}
}
