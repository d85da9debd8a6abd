package exit

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestOf(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want Code
	}{
		"nil":                 {nil, Conformant},
		"usage":               {Usagef("bad flag"), Usage},
		"wrapped environment": {fmt.Errorf("create: %w", Environmentf("no engine")), Environment},
		"not conformant":      {NotConformantf("3 failed"), NotConformant},
		"cancelled":           {fmt.Errorf("wait: %w", context.Canceled), Environment},
		"unclassified":        {errors.New("surprise"), Internal},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Of(tc.err); got != tc.want {
				t.Errorf("Of(%v) = %d, want %d", tc.err, got, tc.want)
			}
		})
	}
}
