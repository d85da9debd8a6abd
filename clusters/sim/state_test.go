package sim

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/dsconform/dsconform/clusters/sim/controlplane"
)

func TestStateIsUpdatedByOneAtATime(t *testing.T) {
	t.Parallel()
	s := store{dir: t.TempDir(), name: "c"}
	if _, err := s.read(); !errors.Is(err, errNoState) {
		t.Errorf("no state gives %v", err)
	}
	if err := s.write(state{Phase: phaseCreating}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if err := s.update(t.Context(), func(st *state) { st.LastWorker++ }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if st, err := s.read(); err != nil || st.LastWorker != 10 {
		t.Errorf("got %+v, %v", st, err)
	}
	if err := os.WriteFile(s.file(), []byte(`{"version":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.read(); err == nil || !strings.Contains(err.Error(), "format 99") {
		t.Errorf("another format gives %v", err)
	}
}

func TestLifeLockIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := store{dir: t.TempDir(), name: "c"}
	unlock, err := s.tryLife(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.tryLife(t.Context()); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second holder gets %v", err)
	}
	unlock()
	if unlock, err = s.tryLife(t.Context()); err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestKubeconfigIsMergedAndTakenOut(t *testing.T) {
	t.Parallel()
	own, shared := t.TempDir()+"/own", t.TempDir()+"/shared"
	config := func(name string) *clientcmdapi.Config {
		return &clientcmdapi.Config{
			Clusters:       map[string]*clientcmdapi.Cluster{name: {Server: "https://" + name}},
			AuthInfos:      map[string]*clientcmdapi.AuthInfo{name + "-admin": {Token: "t"}},
			Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name + "-admin"}},
			CurrentContext: name,
		}
	}
	mine := controlplane.ContextName("c")
	for path, name := range map[string]string{own: mine, shared: "other"} {
		if err := clientcmd.WriteToFile(*config(name), path); err != nil {
			t.Fatal(err)
		}
	}
	if err := exportKubeconfig(own, shared); err != nil {
		t.Fatal(err)
	}
	got, err := clientcmd.LoadFromFile(shared)
	if err != nil || len(got.Contexts) != 2 || got.CurrentContext != mine {
		t.Errorf("merged: %+v, %v", got, err)
	}
	if err = dropKubeconfig(shared, "c"); err != nil {
		t.Fatal(err)
	}
	got, err = clientcmd.LoadFromFile(shared)
	if err != nil || len(got.Contexts) != 1 || len(got.AuthInfos) != 1 || got.CurrentContext != "" {
		t.Errorf("taken out: %+v, %v", got, err)
	}
	if err := dropKubeconfig(own, "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(own); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that holds nothing more is left: %v", err)
	}
	if err := dropKubeconfig(own, "c"); err != nil {
		t.Errorf("a file that is gone: %v", err)
	}
}
