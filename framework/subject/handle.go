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
	// Namespace and Name are a Deployment's, which has so many Replicas.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	Replicas  int32  `json:"replicas,omitempty"`
}

// faultyProcess acts on a program and on its way to the API server.
type faultyProcess struct {
	processControl
	*faults.Client
}

// Open gives what can act on the subject: it implements those of
// clusters.ControllerRestarter, ControllerKiller and ControllerPauser that the
// subject's kind is able to do, and faults.Injector where faults can be set.
func (h Handle) Open(config func() (*rest.Config, error)) any {
	switch h.Kind {
	case Command:
		control := processControl{supervisor.NewClient(h.Folder)}
		if h.Faults {
			return faultyProcess{control, faults.NewClient(h.Folder)}
		}
		return control
	case Manifest:
		return deploymentControl{handle: h, config: config}
	case Own, Release: // a release is a command by the time it runs
	}
	return nil
}
