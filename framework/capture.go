package framework

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dsconform/dsconform/framework/history"
)

// capture writes the state a reader needs to understand the failure, before
// anything is torn down: the event log and what kubectl shows.
func (e *Env) capture(ctx context.Context) {
	if e.History == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.Timeouts.Request)
	defer cancel()
	var log bytes.Buffer
	if err := history.WriteJSONL(&log, e.History.Entries()); err != nil {
		e.Log.Error("cannot encode the event log", "error", err)
	}
	e.write("events.jsonl", log.Bytes())
	shown := show(e.History.State())
	for _, c := range shown.commands() {
		e.write(c.file, append([]byte(c.note), e.Kubectl.Run(ctx, c.args...).Transcript()...))
	}
	for _, pod := range shown.pods {
		if pod.Spec.NodeName == "" {
			continue
		}
		one, cancel := context.WithTimeout(ctx, 5*time.Second)
		e.write(filepath.Join("logs", pod.Name+".txt"),
			[]byte(e.Kubectl.Run(one, "logs", pod.Name, "--all-containers", "--tail=200").Transcript()))
		cancel()
	}
}

func (e *Env) write(name string, data []byte) {
	path := filepath.Join(e.Dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		e.Log.Error("cannot write the failure bundle", "file", path, "error", fmt.Sprint(err))
	}
}
