package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// Spec is what is needed here of a spec in `dsconform catalogue --json`.
type Spec struct {
	ID    string `json:"id"`
	Area  string `json:"area"`
	Title string `json:"title"`
	// Covers are further behaviours it asserts, by the IDs specs of their own would have.
	Covers []string `json:"covers"`
}

// Catalogue gives every spec of the executable, in its order.
func Catalogue(ctx context.Context, executable string) ([]Spec, error) {
	var specs []Spec
	if err := JSON(ctx, &specs, executable, "catalogue", "--json"); err != nil {
		return nil, fmt.Errorf("list the specs: %w", err)
	}
	return specs, nil
}

// JSON runs a program and decodes what it prints.
func JSON(ctx context.Context, into any, executable string, args ...string) error {
	cmd := exec.CommandContext(ctx, executable, args...)
	cmd.Stderr = os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("run %s: %w", executable, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decode what %s prints: %w", executable, err)
	}
	return nil
}
