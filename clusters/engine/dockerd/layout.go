package dockerd

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"github.com/dsconform/dsconform/internal/exit"
)

// layout names the files of a private daemon below its folder.
type layout struct{ dir string }

func (l layout) state() string   { return filepath.Join(l.dir, "engine.json") }
func (l layout) lock() string    { return filepath.Join(l.dir, "lock") }
func (l layout) config() string  { return filepath.Join(l.dir, "daemon.json") }
func (l layout) socket() string  { return filepath.Join(l.dir, "docker.sock") }
func (l layout) notify() string  { return filepath.Join(l.dir, "notify.sock") }
func (l layout) pidFile() string { return filepath.Join(l.dir, "dockerd.pid") }
func (l layout) log() string     { return filepath.Join(l.dir, "dockerd.log") }
func (l layout) oldLog() string  { return filepath.Join(l.dir, "dockerd.log.1") }
func (l layout) data() string    { return filepath.Join(l.dir, "data") }
func (l layout) exec() string    { return filepath.Join(l.dir, "exec") }
func (l layout) bin() string     { return filepath.Join(l.dir, "bin") }

// networks is where the daemon keeps its own record of its networks.
func (l layout) networks() string {
	return filepath.Join(l.data(), "network", "files", "local-kv.db")
}

// host is the value of DOCKER_HOST that leads to the daemon.
func (l layout) host() string { return "unix://" + l.socket() }

// tag is Tag of the folder.
func (l layout) tag() string { return Tag(l.dir) }

// Tag is what marks things outside the folder as its daemon's: it is the
// comment on packet filter rules and the name of the containers' cgroup.
func Tag(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "dsconform-" + hex.EncodeToString(sum[:4])
}

// maxSocketPath is the longest path of a socket (unix(7)), its closing zero apart.
const maxSocketPath = 107

// newLayout refuses folders whose path is so long that a socket below it could not be bound.
func newLayout(dir string) (layout, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return layout{}, exit.Usagef("state folder of the private engine %q: %w", dir, err)
	}
	const longest = "/exec/containerd/containerd.sock.ttrpc"
	if most := maxSocketPath - len(longest); len(abs) > most {
		return layout{}, exit.Usagef("state folder of the private engine: the path %s has %d characters, at most %d are possible, as sockets lie below it", abs, len(abs), most)
	}
	return layout{dir: abs}, nil
}
