package kubelet

// Prefix begins the key of every annotation below.
const Prefix = "kubelet.dsconform.dev/"

// The annotations of a pod that decide its simulated life. Durations are as in
// "1m30s"; they are read whenever the pod changes, so that a spec may set or
// change them while it runs.
const (
	// StartDelay is how long the containers are in the making, from the kubelet's
	// first look at the pod; "0s" is for large clusters. Default: a second.
	StartDelay = Prefix + "start-delay"
	// ReadyDelay is how long the containers run before they are ready. Default:
	// as probes and the test program's settings say.
	ReadyDelay = Prefix + "ready-delay"
	// Ready is "false" for containers that run and are not ready.
	Ready = Prefix + "ready"
	// ReadyFlap makes the containers ready and not ready in turn, for so long each.
	ReadyFlap = Prefix + "ready-flap"
	// StopDelay is how long the containers take to end once the pod is deleted,
	// the grace period at most; "0s" is for large clusters. Default: stop hook and
	// drain, or a moment.
	StopDelay = Prefix + "stop-delay"
	// IgnoreSIGTERM is "true" for containers that are killed when the grace period is over.
	IgnoreSIGTERM = Prefix + "ignore-sigterm"
	// CrashAfter makes the containers end with an error so long after each start;
	// they are started again at once and then with a back-off.
	CrashAfter = Prefix + "crash-after"
	// CrashBackOff is the first back-off of a crash loop, doubled with each
	// further crash up to five minutes. Default: 10s.
	CrashBackOff = Prefix + "crash-back-off"
	// PullError is "true" for images that cannot be pulled.
	PullError = Prefix + "pull-error"
	// Reject is the reason, as NodeAffinity or OutOfcpu, with which the kubelet
	// refuses the pod: it fails and never runs.
	Reject = Prefix + "reject"
	// Evict is the message with which the kubelet evicts the pod: it fails with
	// reason Evicted.
	Evict = Prefix + "evict"
	// EndAfter makes the pod end so long after its start, with the phase of EndPhase.
	EndAfter = Prefix + "end-after"
	// EndPhase is the phase EndAfter ends with. Default: Succeeded.
	EndPhase = Prefix + "end-phase"
)

// The label of a node says whether its simulated kubelet runs. It is a label
// because KWOK asks the API server for its nodes by one.
const (
	// StateLabel is the label's key.
	StateLabel = "kubelet.dsconform.dev/state"
	// StateRunning is its value while the kubelet runs.
	StateRunning = "running"
	// StateStopped is its value while the kubelet, or the whole machine, does not.
	StateStopped = "stopped"
)

// NodeReadyDelay is the annotation of a node with how long its kubelet takes from
// its registration, or its return, until it is ready. Default: half a second.
const NodeReadyDelay = Prefix + "node-ready-delay"

// SimulatedAnnotation marks simulated nodes, as KWOK's own documentation has it.
const SimulatedAnnotation = "kwok.x-k8s.io/node"
