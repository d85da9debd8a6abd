package framework

import (
	"testing"
	"time"
)

func TestScaled(t *testing.T) {
	t.Parallel()
	base := DefaultTimeouts()
	if base.Scaled(7) != base || base.Scaled(100) != base {
		t.Error("a small cluster has other deadlines than the defaults")
	}
	large := base.Scaled(1100)
	if large.Placement != base.Placement+200*time.Second || large.Cleanup != base.Cleanup+200*time.Second || large.Spec != base.Spec+10*time.Minute {
		t.Errorf("1100 nodes: %+v", large)
	}
	if large.NodeNotReady != base.NodeNotReady {
		t.Errorf("1100 nodes have leases as few have, and NodeNotReady is %s", large.NodeNotReady)
	}
	if got, want := base.Scaled(5001).NodeNotReady, base.NodeNotReady+4*40*time.Second; got != want {
		t.Errorf("with leases of 200 s NodeNotReady is %s, want %s", got, want)
	}
	if large.Quiet != base.Quiet || large.Reaction != base.Reaction {
		t.Error("what does not depend on the number of nodes has changed with it")
	}
}
