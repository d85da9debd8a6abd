package subject

import (
	"context"
	"os"
	"testing"

	"github.com/dsconform/dsconform/internal/supervisor"
)

// TestMain lets the test program play the supervisor it spawns.
func TestMain(m *testing.M) {
	if supervisor.IsRole(os.Args) {
		os.Exit(supervisor.Main(context.Background(), os.Args[2:]))
	}
	os.Exit(m.Run())
}
