package supervisor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Component is one program the supervisor can run.
type Component struct {
	// Name is unique among the components; the log file bears it.
	Name string `json:"name"`
	// Exe is the path of the program.
	Exe string `json:"exe"`
	// Args are its arguments.
	Args []string `json:"args"`
	// Env is its whole environment.
	Env []string `json:"env"`
	// Log is the path of its log file; empty for one in the supervisor's folder.
	Log string `json:"log,omitempty"`
	// Revive starts it again, after a wait that grows, when it ends unasked.
	Revive bool `json:"revive,omitempty"`
}

// log is where the component's output goes.
func (c Component) log(folder string) string {
	if c.Log != "" {
		return c.Log
	}
	return LogFile(folder, c.Name)
}

// Config is what a supervisor is told by a file in its folder.
type Config struct {
	// Attached says that the supervisor ends when its standard input does: the
	// command that holds the other end of it is then gone.
	Attached bool `json:"attached"`
	// Scrap says that the supervisor removes its folder at its end: what it holds
	// is of use to nobody then, and may be credentials.
	Scrap bool `json:"scrap,omitempty"`
	// Components are the programs, in the order of their start.
	Components []Component `json:"components"`
}

// configFile, logFolder and socketFile are names in the supervisor's folder.
const (
	configFile = "supervisor.json"
	logFolder  = "logs"
	socketFile = "control.sock"
)

// LogFolder is where the logs of a supervisor's components are, but for those with a file elsewhere.
func LogFolder(folder string) string { return filepath.Join(folder, logFolder) }

// LogFile is the log of one component.
func LogFile(folder, component string) string {
	return filepath.Join(folder, logFolder, component+".log")
}

func (c Config) write(folder string) error {
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the supervisor's configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, configFile), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the supervisor's configuration: %w", err)
	}
	return nil
}

func readConfig(folder string) (Config, error) {
	var c Config
	path := filepath.Join(folder, configFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("reading the supervisor's configuration: %w", err)
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("decoding the supervisor's configuration %s: %w", path, err)
	}
	return c, nil
}
