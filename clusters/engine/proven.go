package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"github.com/dsconform/dsconform/clusters/engine/host"
)

// proveOnce runs the probe on a system engine unless it has passed it since
// this machine and that engine were last changed or started: the proof takes
// seconds, and each command of the user looks for an engine. A private engine
// is proven at its start.
func proveOnce(ctx context.Context, e *Engine) error {
	path := provenFile(ctx, e)
	if path != "" {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
	}
	if err := prove(ctx, e); err != nil {
		return err
	}
	if path == "" {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(e.String()+"\n"), 0o644)
	}
	if err != nil {
		e.log.Notef("the proof will be asked for again: %v", err)
	}
	return nil
}

// provenFile names the note of a passed proof by all the proof depends on: the
// engine's whole description of itself that does not change by use, this start
// of the machine and this user. It is empty where that cannot be told, and the
// proof then not remembered.
func provenFile(ctx context.Context, e *Engine) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	boot, err := host.BootID()
	if err != nil {
		return ""
	}
	if e.runtime != Docker {
		return "" // podman has no identity to remember, nerdctl is rare
	}
	about, err := e.Output(ctx, "info", "--format",
		"{{.ID}} {{.ServerVersion}} {{.DefaultRuntime}} {{.CgroupVersion}} {{.CgroupDriver}} {{json .SecurityOptions}}")
	if err != nil || strings.HasPrefix(about, " ") {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{e.runtime, e.host, about, boot}, "\n")))
	return filepath.Join(cache, "dsconform", "proven-engines", hex.EncodeToString(sum[:8]))
}
