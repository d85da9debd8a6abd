package catalogue

// api are defects of the API server's part: what it fills in, and what it lets
// pass. They are made by admission policies, which come before it judges an object.
func api() []Mutant {
	const (
		created = `request.operation == "CREATE" && `
		updated = `request.operation == "UPDATE" && `
		rolling = `has(object.spec.updateStrategy.rollingUpdate)`
	)
	return []Mutant{
		{
			ID:         "a-quarter-by-default",
			Notice:     "Whoever says nothing of maxUnavailable loses a quarter of the daemons at a time.",
			Clauses:    []string{"DS-API-011"},
			Injection:  "environment: maxUnavailable 1 is stored as 25%",
			ModelledOn: "The default of Deployments.",
			Admission: mended(put(created+rolling+` && string(object.spec.updateStrategy.rollingUpdate.maxUnavailable) == "1"`,
				"/spec/updateStrategy/rollingUpdate/maxUnavailable", `"25%"`)),
		},
		{
			ID:         "two-revisions-by-default",
			Notice:     "Whoever says nothing of the history cannot go back by more than two revisions.",
			Clauses:    []string{"DS-API-011"},
			Injection:  "environment: a revisionHistoryLimit of 10 is stored as 2",
			ModelledOn: "The default of apps/v1beta2 Deployments before it was raised.",
			Admission:  mended(put(created+`object.spec.revisionHistoryLimit == 10`, "/spec/revisionHistoryLimit", "2")),
		},
		{
			ID:         "selector-from-template",
			Notice:     "A DaemonSet without a selector is accepted, and gets that of its template's labels.",
			Clauses:    []string{"DS-API-001"},
			Injection:  "environment: a selector that is missing is filled in",
			ModelledOn: "extensions/v1beta1, which did so.",
			Admission: mended(put(created+`(!has(object.spec.selector) || (!has(object.spec.selector.matchLabels) && !has(object.spec.selector.matchExpressions))) && has(object.spec.template.metadata.labels)`,
				"/spec/selector", `{"matchLabels": object.spec.template.metadata.labels}`)),
		},
		{
			ID:         "selector-edits-are-lost",
			Notice:     "An edit of the selector is taken without a word, and nothing comes of it.",
			Clauses:    []string{"DS-API-003"},
			Injection:  "environment: the selector of an update is that of before",
			ModelledOn: "Fields that may not change, kept in PrepareForUpdate in place of a refusal.",
			Admission: mended(put(updated+`has(object.spec.selector.matchLabels) && has(oldObject.spec.selector.matchLabels) && object.spec.selector != oldObject.spec.selector`,
				"/spec/selector", `{"matchLabels": oldObject.spec.selector.matchLabels}`)),
		},
		{
			ID:         "template-labels-are-mended",
			Notice:     "A template that its selector does not match is accepted, with other labels than it was given.",
			Clauses:    []string{"DS-API-002"},
			Injection:  "environment: the template's labels are those of the selector",
			ModelledOn: "Admission that is to help: labels that must agree are made to agree.",
			Admission: mended(put(`has(object.spec.selector.matchLabels) && has(object.spec.template.metadata.labels) && !object.spec.selector.matchLabels.all(k, k in object.spec.template.metadata.labels && object.spec.template.metadata.labels[k] == object.spec.selector.matchLabels[k])`,
				"/spec/template/metadata/labels", `object.spec.selector.matchLabels`)),
		},
		{
			ID:         "pods-always-restart",
			Notice:     "A template whose pods are to end is accepted, and its pods run for ever.",
			Clauses:    []string{"DS-API-004"},
			Injection:  "environment: restartPolicy Never and OnFailure are stored as Always",
			ModelledOn: "Defaulting that overwrites what was given.",
			Admission:  mended(put(`object.spec.template.spec.restartPolicy != "Always"`, "/spec/template/spec/restartPolicy", `"Always"`)),
		},
		{
			ID:         "negative-is-none",
			Notice:     "A negative minReadySeconds is accepted, and means none.",
			Clauses:    []string{"DS-API-006"},
			Injection:  "environment: a negative minReadySeconds is stored as 0",
			ModelledOn: "An unsigned field that is parsed leniently.",
			Admission:  mended(put(`has(object.spec.minReadySeconds) && object.spec.minReadySeconds < 0`, "/spec/minReadySeconds", "0")),
		},
		{
			ID:         "unknown-strategies-roll",
			Notice:     "A strategy that is misspelt is accepted, and rolls.",
			Clauses:    []string{"DS-API-007"},
			Injection:  "environment: a type that is unknown is stored as RollingUpdate",
			ModelledOn: "A switch whose default case is the usual one.",
			Admission: mended(`!(object.spec.updateStrategy.type in ["RollingUpdate", "OnDelete"]) ?
				[JSONPatch{op: "add", path: "/spec/updateStrategy/type", value: "RollingUpdate"},
				JSONPatch{op: "add", path: "/spec/updateStrategy/rollingUpdate", value: {"maxUnavailable": 1, "maxSurge": 0}}] : []`),
		},
		{
			ID:         "surge-beside-unavailable",
			Notice:     "maxSurge and maxUnavailable may both be given: the surge is then dropped without a word.",
			Clauses:    []string{"DS-API-009"},
			Injection:  "environment: maxSurge beside maxUnavailable is stored as 0",
			ModelledOn: "Deployments, where both may be given.",
			Admission: mended(put(rolling+` && !(string(object.spec.updateStrategy.rollingUpdate.maxSurge) in ["0", "0%"]) && !(string(object.spec.updateStrategy.rollingUpdate.maxUnavailable) in ["0", "0%"])`,
				"/spec/updateStrategy/rollingUpdate/maxSurge", "0")),
		},
		{
			ID:         "no-progress-is-one-at-a-time",
			Notice:     "maxSurge and maxUnavailable may both be 0: one pod at a time is then replaced.",
			Clauses:    []string{"DS-API-009"},
			Injection:  "environment: maxUnavailable 0 without maxSurge is stored as 1",
			ModelledOn: "Defaulting that takes 0 for a field that was left out.",
			Admission: mended(put(rolling+` && string(object.spec.updateStrategy.rollingUpdate.maxSurge) in ["0", "0%"] && string(object.spec.updateStrategy.rollingUpdate.maxUnavailable) in ["0", "0%"]`,
				"/spec/updateStrategy/rollingUpdate/maxUnavailable", "1")),
		},
		{
			ID:         "on-delete-keeps-its-budget",
			Notice:     "A DaemonSet that is updated OnDelete has a rollingUpdate block that nobody gave it.",
			Clauses:    []string{"DS-API-012"},
			Injection:  "environment: OnDelete is stored with a rollingUpdate block",
			ModelledOn: "Defaulting of a block whatever the type is.",
			Admission: mended(put(`object.spec.updateStrategy.type == "OnDelete" && !has(object.spec.updateStrategy.rollingUpdate)`,
				"/spec/updateStrategy/rollingUpdate", `{"maxUnavailable": 1, "maxSurge": 0}`)),
		},
	}
}
