package kubelet

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed stages/*.yaml
var stageFiles embed.FS

//go:embed pod.jq
var podQueries string

//go:embed pod.tpl
var podTemplates string

// Stages gives all stages as one file of the kind KWOK's --config reads.
func Stages() ([]byte, error) {
	stages, err := load()
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, s := range stages {
		raw, err := yaml.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("writing a stage: %w", err)
		}
		out = append(append(out, "---\n"...), raw...)
	}
	return out, nil
}

// load reads the stages and puts before the expressions and templates of those
// of pods what they have in common.
func load() ([]map[string]any, error) {
	files, err := fs.Glob(stageFiles, "stages/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the stages: %w", err)
	}
	var stages []map[string]any
	for _, name := range files {
		raw, err := stageFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the stages: %w", err)
		}
		for text := range strings.SplitSeq(string(raw), "\n---\n") {
			var stage map[string]any
			if err := yaml.UnmarshalStrict([]byte(text), &stage); err != nil {
				return nil, fmt.Errorf("reading a stage of %s: %w", name, err)
			}
			if kind(stage) == "Pod" {
				complete(stage)
			}
			stages = append(stages, stage)
		}
	}
	return stages, nil
}

// kind is the kind of the objects a stage is for.
func kind(stage map[string]any) any {
	spec, _ := stage["spec"].(map[string]any)
	ref, _ := spec["resourceRef"].(map[string]any)
	return ref["kind"]
}

// complete walks through a stage: key and expression are jq, template is the
// template of a status.
func complete(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			complete(item)
		}
	case map[string]any:
		for key, value := range v {
			text, isText := value.(string)
			switch {
			case isText && (key == "key" || key == "expression"):
				v[key] = podQueries + text
			case isText && key == "template":
				v[key] = versioned(podTemplates + text)
				delete(v, "root")
			default:
				complete(value)
			}
		}
	}
}

// versioned makes a template of a pod's status one of a patch that the API
// server refuses unless it is made from the pod as it stands: KWOK plays several
// stages of one pod at a time, and the one that began first may end last.
func versioned(template string) string {
	const head = "metadata:\n  resourceVersion: {{ .metadata.resourceVersion | quote }}\nstatus:\n"
	return head + "  " + strings.ReplaceAll(template, "\n", "\n  ")
}
