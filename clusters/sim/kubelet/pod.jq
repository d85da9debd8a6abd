# What a pod asks for. The annotations are those of package kubelet; env reads
# the settings of the test program from the containers' environment.
def note($name): .metadata.annotations["kubelet.dsconform.dev/" + $name];
def env($name): [.spec.containers[].env[]? | select(.name == $name) | .value] | first;
def seconds:
  if . == null then 0
  else [scan("([0-9.]+)(ms|h|m|s)") | (.[0] | tonumber) * ({"ms": 0.001, "s": 1, "m": 60, "h": 3600}[.[1]])] | add // 0
  end;
def time: if . == null then null else (sub("\\.[0-9]+"; "") | fromdateiso8601) end;
# The API cuts times to whole seconds: a second more, so that nothing comes early.
def at($start; $after): ($start + ($after | ceil) + 1) | todateiso8601;

# Where the pod is in its life.
def condition($type): [.status.conditions[]? | select(.type == $type) | .status] | first;
def deleted: .metadata.deletionTimestamp != null;
def terminal: .status.phase == "Succeeded" or .status.phase == "Failed";
def evicted: note("evict") != null;
def alive: (deleted or terminal or evicted) | not;
def waiting: [.status.containerStatuses[]? | .state.waiting.reason // empty] | first;
def running: any(.status.containerStatuses[]?; .state.running != null);
def crashed: any(.status.containerStatuses[]?; .state.terminated != null);
def restarts: [.status.containerStatuses[]? | .restartCount] | max // 0;
def started: [.status.containerStatuses[]? | .state.running.startedAt // empty] | max | time;
def ended: [.status.containerStatuses[]? | (.state.terminated // .lastState.terminated).finishedAt // empty] | max | time;

# What its containers do.
def probed: any(.spec.containers[]; .readinessProbe != null);
def unpullable: note("pull-error") == "true" or any((.spec.initContainers // [])[], .spec.containers[]; .image | startswith("127.0.0.1:1/"));
# Thousands of cores are more than any node has; a scheduler would not have bound it.
def outOfCPU: any(.spec.containers[]; (.resources.requests.cpu // "0") | tostring | test("k$"));
def rejected: note("reject") != null or outOfCPU;
def startDelay: note("start-delay") | seconds;
def probeDelay($probe):
  [.spec.containers[] | .[$probe] | select(. != null) | .initialDelaySeconds // 0] | max // 0;
def readyDelay:
  if note("ready-delay") != null then note("ready-delay") | seconds
  else [probeDelay("startupProbe"), probeDelay("readinessProbe"),
    (if probed then env("AGENT_READY_AFTER") | seconds else 0 end),
    (if any(.spec.containers[]; .startupProbe != null) then env("AGENT_START_AFTER") | seconds else 0 end)] | max
  end;
def unready: note("ready") == "false" or (note("ready") == null and probed and env("AGENT_READY") == "false");
def flaps: note("ready-flap") != null;
def gates: [.spec.readinessGates[]?.conditionType];
def gatesOpen: . as $pod | all(gates[]; . as $gate | ($pod | condition($gate)) == "True");
def exitCommand: any(.spec.containers[]; ((.command // []) + (.args // [])) | join(" ") | test("^(/bin/)?(ba)?sh -c exit [0-9]+$"));
def crashAfter: note("crash-after") // env("AGENT_EXIT_AFTER") // (if exitCommand then "0s" else null end);
def crashes: crashAfter != null;
def backOff:
  restarts as $n
  | if $n == 0 then 0
    else [(note("crash-back-off") // "10s" | seconds) * ([$n - 1, 10] | min | exp2), 300] | min
    end;
def deaf: note("ignore-sigterm") == "true" or (note("ignore-sigterm") == null and env("AGENT_IGNORE_SIGTERM") == "true");
def grace: .metadata.deletionGracePeriodSeconds // 0;
def stopDelay:
  if note("stop-delay") != null then note("stop-delay") | seconds
  else ([.spec.containers[] | .lifecycle.preStop.sleep.seconds // 0] | max // 0) + (env("AGENT_DRAIN") | seconds)
  end;
def killed: running and (deaf or stopDelay > grace);
def readyAtOnce: readyDelay == 0 and (unready or flaps | not);
def mismatch: (condition("Ready") == "True") != gatesOpen;
def ready: condition("ContainersReady") == "True";
def crashFirst: crashes and readyDelay > 0 and (crashAfter | seconds) <= readyDelay;
# Nothing about readiness is left to be done, so that what comes next may.
def settled: if unready then (ready | not) else (ready and (mismatch | not)) or crashFirst end;
def ends: note("end-after") != null;
