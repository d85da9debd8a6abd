package subject

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/framework/faults"
	"github.com/dsconform/dsconform/internal/exit"
	"github.com/dsconform/dsconform/internal/supervisor"
)

func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

func program(t *testing.T, text string) Choice {
	t.Helper()
	return Choice{Kind: Command, Path: file(t, "controller", "#!/bin/sh\n"+text+"\n", 0o755)}
}

func TestAProgramThatWritesIsJudged(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	o := c.options(t)
	c.write()
	done := filepath.Join(t.TempDir(), "done")
	if err := syscall.Mkfifo(done, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), program(t, `cat "$KUBECONFIG"; echo done >`+done+`; exec sleep 600`), o)
	if err != nil {
		t.Fatal(err)
	}
	// Opening it waits for the program to have come so far.
	if said, unread := os.ReadFile(done); unread != nil || string(said) != "done\n" {
		t.Fatalf("the program said %q, %v", said, unread)
	}
	status, err := s.Status(t.Context())
	if err != nil || status.PID == 0 || status.Restarts != 0 || status.Silent || !strings.HasPrefix(status.Identity, "sha256:") || status.Name != "controller" {
		t.Errorf("status %+v, %v", status, err)
	}
	control := s.Handle().Open(nil)
	killer, ok := control.(clusters.ControllerKiller)
	if !ok {
		t.Fatalf("%T cannot kill", control)
	}
	if err = killer.KillController(t.Context()); err != nil {
		t.Error(err)
	}
	if status, err = s.Status(t.Context()); err != nil || status.PID != 0 || status.Restarts != 0 {
		t.Errorf("after a kill that was asked for: %+v, %v", status, err)
	}
	if err = s.StartController(t.Context()); err != nil {
		t.Error(err)
	}
	if status, err = s.Status(t.Context()); err != nil || status.PID == 0 {
		t.Errorf("after the start: %+v, %v", status, err)
	}
	folder := s.Handle().Folder
	if err = s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, missing := os.Stat(folder); !os.IsNotExist(missing) {
		t.Errorf("the folder with the credentials is left: %v", missing)
	}
	log, err := os.ReadFile(filepath.Join(o.Out, LogName))
	if err != nil || !strings.Contains(string(log), "token: secret") || !strings.Contains(string(log), c.url) {
		t.Errorf("its kubeconfig was %s, %v", log, err)
	}
	if !slices.Contains(c.deleted, "/api/v1/namespaces/probing") || !slices.Contains(c.deleted, "/api/v1/namespaces/kube-system/serviceaccounts/daemon-set-controller") {
		t.Errorf("deleted were %v", c.deleted)
	}
}

func TestAProgramBehindFaultsKnowsOnlyTheProxy(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	o := c.options(t)
	o.Faults = true
	c.write()
	done := filepath.Join(t.TempDir(), "done")
	if err := syscall.Mkfifo(done, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), program(t, `cat "$KUBECONFIG"; echo done >`+done+`; exec sleep 600`), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, unread := os.ReadFile(done); unread != nil {
		t.Fatal(unread)
	}
	log, err := os.ReadFile(filepath.Join(o.Out, LogName))
	if err != nil || strings.Contains(string(log), c.url) || !strings.Contains(string(log), "server: https://127.0.0.1:") || !strings.Contains(string(log), "token: secret") {
		t.Errorf("its kubeconfig was %s, %v", log, err)
	}
	injector, ok := s.Handle().Open(nil).(faults.Injector)
	if !ok {
		t.Fatalf("%T sets no faults", s.Handle().Open(nil))
	}
	if err = injector.SetFault(t.Context(), faults.Rule{Name: "some", Effect: faults.Count}); err != nil {
		t.Error(err)
	}
	if err = s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err = injector.SetFault(t.Context(), faults.Rule{Name: "more", Effect: faults.Count}); err == nil {
		t.Error("the proxy outlives the program")
	}
}

func TestAProgramThatExitsAtOnceIsAnError(t *testing.T) {
	t.Parallel()
	o := newCluster(t).options(t)
	_, err := Start(t.Context(), program(t, "echo 'F1124 flag provided but not defined' >&2; exit 3"), o)
	if exit.Of(err) != exit.Environment {
		t.Fatalf("class %d: %v", exit.Of(err), err)
	}
	for _, says := range []string{"exited with code 3 before it had written anything", "flag provided but not defined", LogName} {
		if !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: want one line with %q", err, says)
		}
	}
}

func TestAProgramOfAnotherMachineIsWrongUsage(t *testing.T) {
	t.Parallel()
	wrong := Choice{Kind: Command, Path: file(t, "controller", "no program", 0o755)}
	_, err := Start(t.Context(), wrong, newCluster(t).options(t))
	if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), "a program for this machine") {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
}

func TestASilentProgramIsJudgedAllTheSame(t *testing.T) {
	t.Parallel()
	o := newCluster(t).options(t)
	o.First = 300 * time.Millisecond
	s, err := Start(t.Context(), program(t, "exec sleep 600"), o)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := s.Status(t.Context()); err != nil || !status.Silent {
		t.Errorf("status %+v, %v", status, err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestARivalIsRefused(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	o := c.options(t)
	o.Foreign, o.Rival = true, 20*time.Second
	c.write()
	_, err := Start(t.Context(), program(t, "exec sleep 600"), o)
	if exit.Of(err) != exit.Environment || !strings.Contains(err.Error(), clusters.DaemonSetControllerOff) {
		t.Errorf("class %d: %v", exit.Of(err), err)
	}
}

func TestComponentHasOneKubeconfig(t *testing.T) {
	t.Parallel()
	s := &process{choice: Choice{Path: "/p", Args: []string{"--kubeconfig=" + KubeconfigArg, "-v=2"}}, options: Options{Out: "/out"}}
	c := s.component(component, s.choice.Args, "/k", []string{"A=b", "KUBECONFIG=/home/other"})
	if !slices.Equal(c.Env, []string{"A=b", "KUBECONFIG=/k"}) || !slices.Equal(c.Args, []string{"--kubeconfig=/k", "-v=2"}) {
		t.Errorf("environment %v, arguments %v", c.Env, c.Args)
	}
	if c.Log != "/out/subject.log" || !c.Revive {
		t.Errorf("component %+v", c)
	}
}

func TestKubeconfigHoldsTheTokenAlone(t *testing.T) {
	t.Parallel()
	admin := &rest.Config{Host: "https://10.0.0.1:6443", TLSClientConfig: rest.TLSClientConfig{
		CAData: []byte("ca"), CertData: []byte("cert"), KeyData: []byte("key"), ServerName: "kubernetes",
	}}
	config, err := kubeconfig(admin, "secret")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"https://10.0.0.1:6443", "token: secret", "tls-server-name: kubernetes"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	if strings.Contains(string(raw), "client-") || string(config.Clusters["subject"].CertificateAuthorityData) != "ca" {
		t.Errorf("the administrator's credentials are in\n%s", raw)
	}
}

func TestCrashText(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 15, 4, 5, 0, time.Local)
	got := crashText("c", supervisor.Status{Crash: "exit status 2", Crashes: 3, Again: at, Tail: []string{"panic: oh"}})
	if want := `the controller under test c exited with code 2 (crash 3) and is started again at 15:04:05: its last telling line is "panic: oh"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
