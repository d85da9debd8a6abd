package dockerd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// disarm keeps the nodes of kind clusters from being started by a daemon that
// comes up after an unclean end: kind has them restart (on-failure:1), all at
// once, with addresses their clusters do not know, only to be removed a moment
// later. It may be called only while no daemon runs on the data root.
func disarm(l layout) error {
	dirs, err := filepath.Glob(filepath.Join(l.data(), "containers", "*"))
	if err != nil {
		return fmt.Errorf("list the private engine's containers: %w", err)
	}
	var errs []error
	for _, dir := range dirs {
		if err := disarmContainer(dir); err != nil {
			errs = append(errs, fmt.Errorf("keep the container %.12s from restarting: %w", filepath.Base(dir), err))
		}
	}
	return errors.Join(errs...)
}

// disarmContainer rewrites the restart policy in Docker's own record of the
// container, keeping all else as it stands.
func disarmContainer(dir string) error {
	config, err := os.ReadFile(filepath.Join(dir, "config.v2.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // half made or half removed: Docker will not start it
	}
	if err != nil {
		return err
	}
	var about struct {
		Config struct{ Labels map[string]string }
	}
	if err = json.Unmarshal(config, &about); err != nil {
		return err
	}
	if _, ok := about.Config.Labels[nodeLabel]; !ok {
		return nil
	}
	path := filepath.Join(dir, "hostconfig.json")
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var settings map[string]json.RawMessage
	if err = json.Unmarshal(old, &settings); err != nil {
		return err
	}
	settings["RestartPolicy"] = json.RawMessage(`{"Name":"no","MaximumRetryCount":0}`)
	fresh, err := json.Marshal(settings)
	if err != nil || bytes.Equal(fresh, old) {
		return err
	}
	return replaceFile(path, fresh, 0o600)
}
