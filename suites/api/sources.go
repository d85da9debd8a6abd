package api

// The sources most specs of the area judge by.
const (
	fieldSelector  = "API: DaemonSet spec.selector"
	fieldTemplate  = "API: DaemonSet spec.template"
	fieldStrategy  = "API: DaemonSet spec.updateStrategy"
	fieldMaxDown   = "API: DaemonSet spec.updateStrategy.rollingUpdate.maxUnavailable"
	fieldMaxSurge  = "API: DaemonSet spec.updateStrategy.rollingUpdate.maxSurge"
	conventions    = "API conventions"
	apiConcepts    = "reference/using-api/api-concepts"
	sourceCreate   = "pkg/apis/apps/validation: ValidateDaemonSetSpec"
	sourceUpdate   = "pkg/apis/apps/validation: ValidateDaemonSetSpecUpdate"
	sourceRolling  = "pkg/apis/apps/validation: ValidateRollingUpdateDaemonSet"
	sourcePods     = "pkg/apis/core/validation: ValidatePodTemplateSpec"
	sourceDefaults = "pkg/apis/apps/v1: SetDefaults_DaemonSet"
	sourceStrategy = "pkg/registry/apps/daemonset/strategy.go"
)
