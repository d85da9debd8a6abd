package api

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/dsconform/dsconform/suites/internal/scene"
)

func TestFilledIn(t *testing.T) {
	t.Parallel()
	want := fields{"type": "RollingUpdate", "rollingUpdate": fields{"maxUnavailable": int64(1), "maxSurge": int64(0)}}
	for name, tc := range map[string]struct {
		spec  fields
		wrong string
	}{
		"whole":            {fields{"updateStrategy": want, "revisionHistoryLimit": int64(10)}, ""},
		"ready of 0":       {fields{"updateStrategy": want, "revisionHistoryLimit": int64(10), "minReadySeconds": int64(0)}, ""},
		"ready of 1":       {fields{"updateStrategy": want, "revisionHistoryLimit": int64(10), "minReadySeconds": int64(1)}, "minReadySeconds is 1"},
		"no limit":         {fields{"updateStrategy": want}, "revisionHistoryLimit is <nil>, not 10"},
		"another limit":    {fields{"updateStrategy": want, "revisionHistoryLimit": int64(0)}, "revisionHistoryLimit is 0, not 10"},
		"no strategy":      {fields{"revisionHistoryLimit": int64(10)}, "updateStrategy is <nil>"},
		"no surge":         {fields{"updateStrategy": fields{"type": "RollingUpdate", "rollingUpdate": fields{"maxUnavailable": int64(1)}}, "revisionHistoryLimit": int64(10)}, "updateStrategy is map["},
		"another type":     {fields{"updateStrategy": fields{"type": "OnDelete"}, "revisionHistoryLimit": int64(10)}, "updateStrategy is map[type:OnDelete]"},
		"a number as text": {fields{"updateStrategy": fields{"type": "RollingUpdate", "rollingUpdate": fields{"maxUnavailable": "1", "maxSurge": int64(0)}}, "revisionHistoryLimit": int64(10)}, "updateStrategy is map["},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene.Expect(t, filledIn(&unstructured.Unstructured{Object: fields{"spec": tc.spec}}, want, 10), tc.wrong)
		})
	}
}
