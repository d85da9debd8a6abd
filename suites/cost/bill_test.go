package cost

import (
	"strings"
	"testing"
	"time"

	"github.com/dsconform/dsconform/framework/audit"
)

// requests makes a log of one request a second, each "verb resource code".
func requests(lines ...string) []audit.Event {
	var out []audit.Event
	for i, l := range lines {
		f := strings.Fields(l)
		code := 200
		if len(f) > 2 && f[2] == "409" {
			code = 409
		}
		out = append(out, audit.Event{
			Verb: f[0], Resource: f[1], Namespace: "ns", Name: "agent", Code: code,
			Received: time.Unix(int64(i), 0),
		})
	}
	return out
}

func TestBill(t *testing.T) {
	t.Parallel()
	const write, refused, read, create = "update daemonsets/status", "update daemonsets/status 409", "get daemonsets", "create pods"
	b := bill{write: {1, 2}, create: exactly(1)}
	for _, c := range []struct {
		name  string
		asked []audit.Event
		want  string
	}{
		{"all that is named", requests(create, write, write), ""},
		{"a conflict and the read that answers it", requests(create, write, refused, read, write), ""},
		{"events are no work", requests(create, "create events", write), ""},
		{"a read without a conflict", requests(create, read, write), "1 get daemonsets, and there is to be none"},
		{"a read before the conflict", requests(create, read, refused, write), "1 get daemonsets, and there is to be none"},
		{"two reads for one conflict", requests(create, refused, read, read, write), "1 get daemonsets, and there is to be none"},
		{"conflicts of a busy machine", requests(create, refused, refused, refused, refused, write), ""},
		{"far more conflicts than writes", requests(create, refused, refused, refused, refused, refused, write), "5 update daemonsets/status were refused for a conflict, and 1 were accepted: that is not bad luck"},
		{"too many writes", requests(create, write, write, write), "3 update daemonsets/status, and there are to be 1 to 2"},
		{"one missing", requests(write), "0 create pods, and there are to be 1"},
		{"what is not named", requests(create, write, "patch pods"), "1 patch pods, and there is to be none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := b.check(c.asked)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
