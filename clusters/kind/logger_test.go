package kind

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	kindexec "sigs.k8s.io/kind/pkg/exec"

	"github.com/dsconform/dsconform/clusters/steps"
)

func TestStagesBecomeSteps(t *testing.T) {
	t.Parallel()
	var shown, file bytes.Buffer
	log := steps.New(&shown)
	l := newStageLogger(t.Context(), log, &file)
	l.V(0).Infof("Creating cluster %q ...\n", "c")
	l.V(0).Infof(" • %s  ...\n", "Preparing nodes 📦 📦 ")
	l.V(3).Info("kubeadm talks")
	l.V(4).Info("too much")
	l.V(0).Infof(" ✓ %s\n", "Preparing nodes 📦 📦 ")
	l.V(0).Infof(" • %s  ...\n", "Starting control-plane 🕹️")
	l.V(0).Infof(" ✗ %s\n", "Starting control-plane 🕹️")
	l.end(&kindexec.RunError{Command: []string{"x"}, Output: []byte("the reason"), Inner: errors.New("exit status 1")})
	l.Warn("a stray goroutine")

	records := log.Records()
	if len(records) != 2 || records[0].Name != "Preparing nodes" || records[0].Err != "" || records[1].Name != "Starting control-plane" || records[1].Err == "" {
		t.Errorf("records %+v", records)
	}
	for want, there := range map[string]bool{"kubeadm talks": true, "the reason": true, "too much": false, "a stray goroutine": false} {
		if got := strings.Contains(file.String(), want); got != there {
			t.Errorf("%q in the file: %v, want %v\n%s", want, got, there, file.String())
		}
	}
}

func TestStagesEndWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	log := steps.Discard()
	l := newStageLogger(ctx, log, &bytes.Buffer{})
	l.begin("first")
	cancel()
	l.begin("second") // must not hang, nor must what follows
	l.finish(nil)
	l.end(nil)
	if r := log.Records(); len(r) != 1 || r[0].Err == "" {
		t.Errorf("records %+v: want the first stage, ended by the context", r)
	}
}

func TestKindErrorsAreOneLine(t *testing.T) {
	t.Parallel()
	err := wordKindError(&kindexec.RunError{Command: []string{"docker", "run", "--name", "x"}, Output: []byte("talk\ndocker: Error response from daemon: no space.\n"), Inner: errors.New("exit status 125")})
	if got := err.Error(); got != "docker: Error response from daemon: no space." {
		t.Errorf("got %q", got)
	}
	silent := wordKindError(&kindexec.RunError{Command: []string{"docker", "run", "--name", "x"}, Inner: errors.New("exit status 1")})
	if got := silent.Error(); got != "docker run --name …: exit status 1" {
		t.Errorf("got %q", got)
	}
	if wordKindError(nil) != nil {
		t.Error("no error became one")
	}
}
