package kubectl

import (
	"os"
	"testing"
)

// TestMain lets the test binary be kubectl, as the dsconform executable is.
func TestMain(m *testing.M) {
	if IsChild(os.Args) {
		os.Exit(Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}
