package api

import (
	"context"
	"encoding/json"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/dsconform/dsconform/framework"
	"github.com/dsconform/dsconform/framework/history"
	"github.com/dsconform/dsconform/suites/internal/answer"
)

func noCreateOnUpdate() framework.Spec {
	return framework.Spec{
		ID:        "DS-API-019",
		Area:      framework.API,
		Title:     "an update makes no DaemonSet, an apply does",
		Behaviour: "A PUT, and a patch that is no apply, of a DaemonSet that is not there MUST answer 404 and make none; a server-side apply MUST make it (201), and the same apply again MUST change nothing (200).",
		Clauses:   []string{"reference/using-api/server-side-apply", apiConcepts, sourceStrategy + ": AllowCreateOnUpdate"},
		Level:     framework.Core,
		Why: "A tool that writes after somebody has deleted the DaemonSet must not bring it back on every node. " +
			"Apply says what is to be there, so it makes what is missing; and one that is repeated must not wake the controller each time.",
		Body: func(ctx context.Context, e *framework.Env) {
			_, err := client(e).Update(ctx, unplaced(e, name), metav1.UpdateOptions{})
			e.Must(answer.Unanswered(err), "update DaemonSet %s, which is not there", name)
			e.Check(answer.Refused(err, http.StatusNotFound, metav1.StatusReasonNotFound), "an update of a DaemonSet that is not there is answered by 404")
			_, err = client(e).Patch(ctx, name, types.StrategicMergePatchType, []byte(`{"spec":{"minReadySeconds":1}}`), metav1.PatchOptions{})
			e.Must(answer.Unanswered(err), "patch DaemonSet %s, which is not there", name)
			e.Check(answer.Refused(err, http.StatusNotFound, metav1.StatusReasonNotFound), "so is a patch of it")
			e.Check(absent(ctx, e, name), "neither made a DaemonSet")

			made, code := applyManifest(ctx, e)
			e.That(code == http.StatusCreated, "a server-side apply makes the DaemonSet and answers 201", "it answers %d", code)
			again, code := applyManifest(ctx, e)
			e.That(code == http.StatusOK, "the same apply again answers 200", "it answers %d", code)
			e.That(again.UID == made.UID && again.Generation == made.Generation, "the same apply again changes nothing",
				"generation %d after %d, UID %s after %s", again.Generation, made.Generation, again.UID, made.UID)
		},
	}
}

// applyManifest applies the smallest manifest and gives the answer with its code.
func applyManifest(ctx context.Context, e *framework.Env) (*appsv1.DaemonSet, int) {
	body, err := json.Marshal(manifest(e, name, nil))
	e.Must(err, "encode DaemonSet %s", name)
	code, got := 0, &appsv1.DaemonSet{}
	result := e.Client.AppsV1().RESTClient().Patch(types.ApplyPatchType).Namespace(e.Namespace).Resource("daemonsets").Name(name).
		Param("fieldManager", "dsconform").Body(body).Do(ctx).StatusCode(&code)
	e.Must(answer.Unanswered(result.Error()), "apply DaemonSet %s", name)
	e.Check(result.Into(got), "a server-side apply of DaemonSet %s is accepted", name)
	e.Act("applied DaemonSet", history.KindDaemonSet, got)
	return got, code
}
