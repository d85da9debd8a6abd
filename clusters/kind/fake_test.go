package kind

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dsconform/dsconform/clusters"
	"github.com/dsconform/dsconform/clusters/steps"
	"github.com/dsconform/dsconform/internal/exit"
)

// fakeEngine is an engine whose command line is a shell script with its state
// in the files of a folder.
type fakeEngine struct{ dir string }

// fakeDocker keeps one line (name, role, state) a container in the file
// containers. The name in the file inflight is that of a container under way:
// it is in no list, its name is taken, and the first to ask for the name sees it
// come up. With a file moving, the first pause finds a process that cannot be
// frozen. What was called stands in the file calls.
const fakeDocker = `
cd "$FAKE" || exit 9
echo "$*" >> calls
case "$1" in
ps) cat containers 2>/dev/null; exit 0 ;;
rm) : > containers ;;
pause)
	[ -e moving ] || exit 0
	rm moving
	echo "Error response from daemon: Cannot pause container 0123456789ab: OCI runtime pause failed: unable to freeze: unknown" >&2
	exit 1 ;;
create)
	name=$(echo "$*" | sed 's/.*--name \([^ ]*\) .*/\1/')
	if [ "$name" = "$(cat inflight 2>/dev/null)" ]; then
		rm inflight
		printf '%s\tworker\tcreated\n' "$name" >> containers
		echo "Error response from daemon: Conflict. The container name is already in use by container 1" >&2
		exit 125
	fi
	echo 0123456789ab ;;
logs) cat log; [ -e ended ] || exec tail -f /dev/null ;;
exec) cat out 2>/dev/null; cat err >&2 2>/dev/null; exit "$(cat code 2>/dev/null || echo 0)" ;;
container) [ -e inspect ] && cat inspect && exit 0; echo "Error: No such container: x" >&2; exit 1 ;;
*) exit 0 ;;
esac
`

func (f fakeEngine) Runtime() string { return "docker" }
func (f fakeEngine) Apply() error    { return nil }
func (f fakeEngine) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", fakeDocker, "docker"}, args...)...)
	cmd.Env = append(os.Environ(), "FAKE="+f.dir)
	return cmd
}

func (f fakeEngine) put(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, file), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f fakeEngine) calls(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(f.dir, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// fakeCluster is a cluster "c" on a fake engine, with a state.
func fakeCluster(t *testing.T) (*Cluster, fakeEngine) {
	t.Helper()
	e := fakeEngine{dir: t.TempDir()}
	o := Options{Name: "c", Engine: e, StateDir: t.TempDir(), Log: steps.Discard(), Timeouts: clusters.DefaultTimeouts(), NodeImage: "i"}
	c := o.cluster()
	if err := c.store.write(state{Phase: phaseReady, Image: "i", ControlPlanes: 1, Workers: 2, LastWorker: 2}); err != nil {
		t.Fatal(err)
	}
	return c, e
}

func wantClass(t *testing.T, err error, class exit.Code, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error: one with %q was expected", says)
	}
	if got := exit.Of(err); got != class {
		t.Errorf("class %d, want %d: %v", got, class, err)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("error %q does not say %q", err, says)
	}
}
