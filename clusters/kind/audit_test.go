package kind

import "testing"

// TestTheLastLineOfTheAuditLogIsRead: it may be the one that tells.
func TestTheLastLineOfTheAuditLogIsRead(t *testing.T) {
	for name, c := range map[string]struct{ log, want string }{
		"two requests":           {"{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}\n{\"b\":2}\n"},
		"one half written":       {"{\"a\":1}\n{\"b\n", "{\"a\":1}\n"},
		"nothing but half a one": {"{\"a\n", ""},
		"nothing":                {"", ""},
	} {
		cluster, engine := fakeCluster(t)
		engine.put(t, "out", c.log)
		got, err := cluster.auditLines(t.Context(), "c-control-plane", "text")
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %q and %v, want %q", name, got, err, c.want)
		}
	}
}
