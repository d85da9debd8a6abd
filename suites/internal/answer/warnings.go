package answer

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/framework"
)

// warning is the code of the Warning headers that Kubernetes sends.
const warning = 299

// Warnings are the warnings that came with the answers to one client. It
// implements rest.WarningHandler.
type Warnings struct {
	mu    sync.Mutex
	texts []string
}

// Listen gives a client like the spec's own, and the warnings it is sent.
func Listen(e *framework.Env) (kubernetes.Interface, *Warnings) {
	heard := &Warnings{}
	config := rest.CopyConfig(e.Config)
	config.WarningHandler = heard
	client, err := kubernetes.NewForConfig(config)
	e.Must(err, "make a client that hears warnings")
	return client, heard
}

// HandleWarningHeader implements rest.WarningHandler.
func (w *Warnings) HandleWarningHeader(code int, _, text string) {
	if code != warning {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

// Take gives the warnings since it was last called.
func (w *Warnings) Take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := w.texts
	w.texts = nil
	return texts
}

// About are those of the warnings in which the part stands.
func About(warnings []string, part string) []string {
	return slices.DeleteFunc(slices.Clone(warnings), func(text string) bool { return !strings.Contains(text, part) })
}

// Named judges that each of the parts stands in one of the warnings at least.
func Named(warnings []string, parts ...string) error {
	for _, part := range parts {
		if len(About(warnings, part)) == 0 {
			return fmt.Errorf("no warning has %q; there are %q", part, warnings)
		}
	}
	return nil
}
