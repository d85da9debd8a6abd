{{- /* addresses: of the pod .pod, as the kubelet learns them with the sandbox. */ -}}
{{- define "addresses" }}
{{- $ip := PodIPWith .pod.spec.nodeName (or .pod.spec.hostNetwork false) .pod.metadata.uid .pod.metadata.name .pod.metadata.namespace }}
{{- $host := NodeIPWith .pod.spec.nodeName }}
hostIP: {{ $host | quote }}
hostIPs:
- ip: {{ $host | quote }}
podIP: {{ $ip | quote }}
podIPs:
- ip: {{ $ip | quote }}
{{- end }}

{{- /* generation: which of the pod's specs the status is of, where pods have generations. */ -}}
{{- define "generation" }}
{{- with .pod.metadata.generation }}
observedGeneration: {{ . }}
{{- end }}
{{- end }}

{{- /* condition: .type with .status, since .now, for .reason and .message. */ -}}
{{- define "condition" }}
- type: {{ .type }}
  status: {{ .status | quote }}
  lastTransitionTime: {{ .now | quote }}
  reason: {{ default "" .reason | quote }}
  message: {{ default "" .message | quote }}
{{- end }}

{{- /* unready: the conditions of a pod whose containers are not ready. */ -}}
{{- define "unready" }}
{{- $names := list }}
{{- range .pod.spec.containers }}{{ $names = append $names .name }}{{ end }}
{{- $message := printf "containers with unready status: [%s]" (join " " $names) }}
{{- template "condition" dict "type" "ContainersReady" "status" "False" "now" .now "reason" "ContainersNotReady" "message" $message }}
{{- template "condition" dict "type" "Ready" "status" "False" "now" .now "reason" "ContainersNotReady" "message" $message }}
{{- end }}

{{- /* done: the conditions of a pod whose containers have ended. */ -}}
{{- define "done" }}
{{- template "condition" dict "type" "PodReadyToStartContainers" "status" "False" "now" .now }}
{{- template "condition" dict "type" "ContainersReady" "status" "False" "now" .now "reason" .reason }}
{{- template "condition" dict "type" "Ready" "status" "False" "now" .now "reason" .reason }}
{{- end }}

{{- /* gated: the condition Ready of a pod whose containers are, by its readiness gates. */ -}}
{{- define "gated" }}
{{- $open := dict }}
{{- range .pod.status.conditions }}{{ $_ := set $open .type .status }}{{ end }}
{{- $shut := list }}
{{- range .pod.spec.readinessGates }}
{{- if ne (get $open .conditionType) "True" }}
{{- $shut = append $shut (printf "the status of pod readiness gate %q is not \"True\", but %s" .conditionType (default "absent" (get $open .conditionType))) }}
{{- end }}
{{- end }}
{{- if $shut }}
{{- template "condition" dict "type" "Ready" "status" "False" "now" .now "reason" "ReadinessGatesNotReady" "message" (join "; " $shut) }}
{{- else }}
{{- template "condition" dict "type" "Ready" "status" "True" "now" .now }}
{{- end }}
{{- end }}

{{- /* containers: the status of every container in .state, one of waiting (for
.reason), running, kept, completed and ended (with .code); .ready; .restarted
counts one more start. */ -}}
{{- define "containers" }}
{{- $arg := . }}
{{- $old := dict }}
{{- range .pod.status.containerStatuses }}{{ $_ := set $old .name . }}{{ end }}
containerStatuses:
{{- range .pod.spec.containers }}
{{- $was := default dict (get $old .name) }}
{{- $state := default dict $was.state }}
{{- $n := int (toString (default 0 $was.restartCount)) }}
{{- if $arg.restarted }}{{ $n = add $n 1 }}{{ end }}
- name: {{ .name | quote }}
  image: {{ .image | quote }}
  imageID: {{ if and (eq $arg.state "waiting") (not $was.imageID) }}""{{ else }}{{ printf "sha256:%s" (sha256sum .image) | quote }}{{ end }}
  {{- if or (ne $arg.state "waiting") $was.containerID }}
  containerID: {{ printf "containerd://%s" (sha256sum (printf "%s/%s/%d" $arg.pod.metadata.uid .name $n)) | quote }}
  {{- end }}
  restartCount: {{ $n }}
  ready: {{ default false $arg.ready }}
  started: {{ or (eq $arg.state "running") (eq $arg.state "kept") }}
  lastState: {{ if and $state.terminated (or (eq $arg.state "waiting") (eq $arg.state "running")) }}{{ toJson $state }}{{ else }}{{ default dict $was.lastState | toJson }}{{ end }}
  {{- if eq $arg.state "waiting" }}
  state: {waiting: {reason: {{ $arg.reason | quote }}, message: {{ default "" $arg.message | quote }}}}
  {{- else if eq $arg.state "running" }}
  state: {running: {startedAt: {{ $arg.now | quote }}}}
  {{- else if eq $arg.state "kept" }}
  state: {{ toJson $state }}
  {{- else }}
  {{- $running := default dict $state.running }}
  {{- $code := toString (default 1 $arg.code) }}
  {{- if eq $arg.state "crashed" }}
  {{- range .env }}{{ if eq .name "AGENT_EXIT_CODE" }}{{ $code = .value }}{{ end }}{{ end }}
  {{- $line := join " " (concat (default list .command) (default list .args)) }}
  {{- if regexMatch "sh -c exit [0-9]+$" $line }}{{ $code = regexFind "[0-9]+$" $line }}{{ end }}
  {{- else }}{{ $code = toString $arg.code }}{{ end }}
  state:
    terminated:
      exitCode: {{ $code }}
      reason: {{ if eq $code "0" }}Completed{{ else }}Error{{ end }}
      startedAt: {{ default $arg.now $running.startedAt | quote }}
      finishedAt: {{ $arg.now | quote }}
      containerID: {{ default "" $was.containerID | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* inits: the status of init containers that have all run to their end. */ -}}
{{- define "inits" }}
{{- $arg := . }}
{{- with .pod.spec.initContainers }}
initContainerStatuses:
{{- range . }}
- name: {{ .name | quote }}
  image: {{ .image | quote }}
  imageID: {{ printf "sha256:%s" (sha256sum .image) | quote }}
  restartCount: 0
  ready: true
  started: false
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $arg.now | quote }}, finishedAt: {{ $arg.now | quote }}}}
{{- end }}
{{- end }}
{{- end }}
