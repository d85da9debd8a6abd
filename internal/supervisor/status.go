package supervisor

import "time"

// State is what a component does.
type State string

// The states of a component.
const (
	// Idle components were never started.
	Idle State = "idle"
	// Running components have a process that runs.
	Running State = "running"
	// Paused components have a process that is frozen.
	Paused State = "paused"
	// Ended components had a process; Status tells how it ended.
	Ended State = "ended"
)

// Status tells of one component.
type Status struct {
	// Name is the component's.
	Name string `json:"name"`
	// State is what it does.
	State State `json:"state"`
	// PID is the process number, zero if none runs.
	PID int `json:"pid,omitempty"`
	// Starts counts how often it was started.
	Starts int `json:"starts"`
	// Since is when it got into its state.
	Since time.Time `json:"since,omitzero"`
	// Exit says how its last process ended, as "exit status 1" or "signal:
	// killed"; empty if it runs.
	Exit string `json:"exit,omitempty"`
	// Asked says that the end was asked for by way of the supervisor.
	Asked bool `json:"asked,omitempty"`
	// Crashes counts the ends nobody asked for.
	Crashes int `json:"crashes,omitempty"`
	// Crash says how the last of them was, as Exit does, also when it runs again.
	Crash string `json:"crash,omitempty"`
	// Again is when one that crashed is started again, if it is to be.
	Again time.Time `json:"again,omitzero"`
	// Log is the path of its log file.
	Log string `json:"log"`
	// Tail are the last lines of its log.
	Tail []string `json:"tail,omitempty"`
}

// Action is what a component can be made to do.
type Action string

// The actions on a component.
const (
	// Start starts it; one that runs is left alone.
	Start Action = "start"
	// Stop asks it to end (SIGTERM) and makes it end after a while.
	Stop Action = "stop"
	// Kill makes it end at once (SIGKILL).
	Kill Action = "kill"
	// Pause freezes it (SIGSTOP).
	Pause Action = "pause"
	// Resume lets a frozen one go on (SIGCONT).
	Resume Action = "resume"
	// Restart is Stop and then Start.
	Restart Action = "restart"
)
