package run

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/dsconform/dsconform/framework"
)

// Config is what the command tells its workers. It travels as a file.
type Config struct {
	// Provider and ClusterName say which cluster to open.
	Provider    string `json:"provider"`
	ClusterName string `json:"clusterName"`
	// Kubeconfig is the cluster's kubeconfig file.
	Kubeconfig string `json:"kubeconfig"`
	// Runtime is the command line of the container engine, whose address the
	// workers inherit through their environment; empty where there is none.
	Runtime string `json:"runtime,omitempty"`
	// Bound tells that the cluster is gone when the command is: then a worker has
	// nothing to clean up after it, and ends at once.
	Bound bool `json:"bound,omitempty"`
	// Socket is where results are sent.
	Socket string `json:"socket"`
	// Specs are the IDs of the specs to run.
	Specs []string `json:"specs"`
	// Settings are the same for all specs.
	Settings framework.Settings `json:"settings"`
}

// configEnv names the environment variable that holds the path of the Config.
const configEnv = "DSCONFORM_RUN_CONFIG"

func (c Config) write(path string) error {
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the workers' configuration: %w", err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("write the workers' configuration: %w", err)
	}
	return nil
}

func readConfig(path string) (Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the worker's configuration: %w", err)
	}
	var c Config
	if err := json.Unmarshal(raw, &c); err != nil {
		return Config{}, fmt.Errorf("decode the worker's configuration %s: %w", path, err)
	}
	return c, nil
}
