package scene

import (
	"strings"
	"testing"
)

// Expect judges an error by a part of its text; "" wants none.
func Expect(t *testing.T, err error, part string) {
	t.Helper()
	switch {
	case part == "" && err != nil:
		t.Errorf("unexpected: %v", err)
	case part != "" && (err == nil || !strings.Contains(err.Error(), part)):
		t.Errorf("got %v; want an error with %q", err, part)
	}
}
