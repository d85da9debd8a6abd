package framework

import (
	"testing"

	"github.com/dsconform/dsconform/framework/audit"
	"github.com/dsconform/dsconform/framework/subject"
)

// TestControllerUser: a Deployment under test has a service account of its own.
func TestControllerUser(t *testing.T) {
	t.Parallel()
	if got := (&Env{}).ControllerUser(); got != audit.Controller {
		t.Errorf("the cluster's own controller is %s", got)
	}
	own := "system:serviceaccount:kube-system:mine"
	if got := (&Env{settings: Settings{Subject: subject.Handle{User: own}}}).ControllerUser(); got != own {
		t.Errorf("a Deployment is %s", got)
	}
}
