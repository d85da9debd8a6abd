package subject

import (
	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/internal/supervisor"
)

// Handle tells another process how to reach the subject. The zero value stands
// for the cluster's own controller.
type Handle struct {
	// Kind is how the subject was given.
	Kind Kind `json:"kind,omitempty"`
	// Folder is that of a program's supervisor.
	Folder string `json:"folder,omitempty"`
	// Faults says that faults can be set between a program and the API server.
	Faults bool `json:"faults,omitempty"`
	// Elects says that a program can be run twice, and elects a leader then.
	Elects bool `json:"elects,omitempty"`
	// Namespace and Name are a Deployment's, which has so many Replicas.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Replicas  int32  `json:"replicas,omitempty"`
	// User is whom the API server takes a Deployment's requests for; empty where
	// that is the DaemonSet controller's own user.
	User string `json:"user,omitempty"`
}

// faultyProcess acts on a program and on its way to the API server.
type faultyProcess struct {
	processControl
	*faults.Client
}

// electingProcess acts on a program that can be run twice.
type electingProcess struct {
	processControl
	pairControl
}

// faultyElectingProcess acts on such a program, and on its way to the API server.
type faultyElectingProcess struct {
	faultyProcess
	pairControl
}

// Open gives what can act on the subject: it implements those of
// clusters.ControllerRestarter, ControllerKiller, ControllerPauser and ControllerElecter that the
// subject's kind is able to do, and faults.Injector where faults can be set.
func (h Handle) Open(config func() (*rest.Config, error)) any {
	switch h.Kind {
	case Command:
		control := processControl{supervisor.NewClient(h.Folder)}
		switch {
		case h.Faults && h.Elects:
			return faultyElectingProcess{faultyProcess{control, faults.NewClient(h.Folder)}, pairControl{control}}
		case h.Faults:
			return faultyProcess{control, faults.NewClient(h.Folder)}
		case h.Elects:
			return electingProcess{control, pairControl{control}}
		}
		return control
	case Manifest:
		return deploymentControl{handle: h, config: config}
	case Own, Release: // a release is a command by the time it runs
	}
	return nil
}
