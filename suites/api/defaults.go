package api

import (
	"context"
	"errors"
	"fmt"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
)

// fields are a part of a DaemonSet as it is on the wire.
type fields = map[string]any

func defaults() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-011",
		Area:      framework.API,
		Title:     "what a manifest leaves out is filled in",
		Behaviour: "Fields left out MUST be stored as type RollingUpdate, maxUnavailable 1, maxSurge 0, revisionHistoryLimit 10 and minReadySeconds 0; a field that was given, 0 included, MUST be stored as it was given.",
		Clauses: []string{fieldStrategy + ".type (default is RollingUpdate)", fieldMaxDown + " (default value is 1)", fieldMaxSurge + " (default value is 0)",
			"API: DaemonSet spec.revisionHistoryLimit (defaults to 10)", "API: DaemonSet spec.minReadySeconds (defaults to 0)", sourceDefaults},
		Level: framework.Core,
		Smoke: true,
		Why: "Most manifests name none of these fields, so the defaults are what most rollouts do. They must stand in the stored object: " +
			"controllers read it, and each would fill the gap in its own way. The manifests are sent as plain JSON, for a typed client writes more than its user does.",
		Body: func(ctx context.Context, e *framework.Env) {
			rolling := func(down, surge any) fields {
				return fields{"type": "RollingUpdate", "rollingUpdate": fields{"maxUnavailable": down, "maxSurge": surge}}
			}
			one, zero := int64(1), int64(0)
			var problems []error
			for _, m := range []struct {
				name  string
				given fields
				want  fields
				limit int64
			}{
				{"minimal", fields{}, rolling(one, zero), 10},
				{"empty-strategy", fields{"updateStrategy": fields{}}, rolling(one, zero), 10},
				{"type-alone", fields{"updateStrategy": fields{"type": "RollingUpdate"}}, rolling(one, zero), 10},
				{"block-alone", fields{"updateStrategy": fields{"rollingUpdate": fields{}}}, rolling(one, zero), 10},
				{"down-alone", fields{"updateStrategy": fields{"rollingUpdate": fields{"maxUnavailable": "50%"}}}, rolling("50%", zero), 10},
				{"surge-with-0", fields{"updateStrategy": rolling(zero, "25%")}, rolling(zero, "25%"), 10},
				{"limit-of-0", fields{"revisionHistoryLimit": zero}, rolling(one, zero), 0},
			} {
				answered, err := createRaw(ctx, e, m.name, m.given)
				if err != nil {
					problems = append(problems, fmt.Errorf("manifest %s: %w", m.name, err))
					continue
				}
				read, err := raw(e).Get(ctx, m.name, metav1.GetOptions{})
				e.Must(err, "read DaemonSet %s", m.name)
				for _, ds := range []*unstructured.Unstructured{answered, read} {
					if wrong := filledIn(ds, m.want, m.limit); wrong != nil {
						problems = append(problems, fmt.Errorf("manifest %s: %w", m.name, wrong))
					}
				}
			}
			e.Check(errors.Join(problems...), "each manifest is accepted, and answered and stored with its fields filled in")
		},
	}
}

// filledIn judges the defaulted fields of a DaemonSet's spec.
func filledIn(ds *unstructured.Unstructured, strategy fields, limit int64) error {
	spec, _, err := unstructured.NestedMap(ds.Object, "spec")
	if err != nil {
		return fmt.Errorf("spec is no object: %w", err)
	}
	switch ready := spec["minReadySeconds"]; {
	case !equality.Semantic.DeepEqual(spec["updateStrategy"], any(strategy)):
		return fmt.Errorf("updateStrategy is %v, not %v", spec["updateStrategy"], strategy)
	case spec["revisionHistoryLimit"] != any(limit):
		return fmt.Errorf("revisionHistoryLimit is %v, not %d", spec["revisionHistoryLimit"], limit)
	case ready != nil && ready != any(int64(0)):
		return fmt.Errorf("minReadySeconds is %v, not 0", ready)
	}
	return nil
}

// createRaw sends a DaemonSet that fits no node, with what is given in its spec
// beside selector and template, and gives the answer.
func createRaw(ctx context.Context, e *framework.Env, name string, given fields) (*unstructured.Unstructured, error) {
	got, err := raw(e).Create(ctx, manifest(e, name, given), metav1.CreateOptions{})
	e.Must(answer.Unanswered(err), "create DaemonSet %s", name)
	if err == nil {
		e.Act("created DaemonSet", history.KindDaemonSet, got)
	}
	return got, err
}

// manifest is the smallest DaemonSet there is that fits no node, with what is given in its spec.
func manifest(e *framework.Env, name string, given fields) *unstructured.Unstructured {
	spec := fields{
		"selector": fields{"matchLabels": fields{"app": name}},
		"template": fields{
			"metadata": fields{"labels": fields{"app": name}},
			"spec": fields{
				"nodeSelector": fields{e.Key("nowhere"): "true"},
				"containers":   []any{fields{"name": "agent", "image": e.Image("agent:v1")}},
			},
		},
	}
	maps.Copy(spec, given)
	return &unstructured.Unstructured{Object: fields{
		"apiVersion": appsv1.SchemeGroupVersion.String(), "kind": "DaemonSet",
		"metadata": fields{"name": name, "namespace": e.Namespace}, "spec": spec,
	}}
}
