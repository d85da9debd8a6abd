package lens

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/dsconform/dsconform/framework/mutants/rig"
	"github.com/dsconform/dsconform/framework/mutants/wire"
)

// TestRevisionsAreSeenAsMeant has revisions written with another number and
// without labels: the controller must find what it wrote, and what others change.
func TestRevisionsAreSeenAsMeant(t *testing.T) {
	t.Parallel()
	var stored appsv1.ControllerRevision
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			stored = appsv1.ControllerRevision{}
			body, _ := io.ReadAll(r.Body)
			if err := json.Unmarshal(body, &stored); err != nil {
				t.Error(err)
			}
			stored.UID = "u"
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(stored)
	}))
	t.Cleanup(web.Close)
	s := rig.New(nil)
	Revision(s, func(cr *appsv1.ControllerRevision) { cr.Revision, cr.Labels = 7*cr.Revision, nil })
	client, err := kubernetes.NewForConfig(wire.Config(&rest.Config{Host: web.URL, QPS: -1}, s.Wire))
	if err != nil {
		t.Fatal(err)
	}
	api := client.AppsV1().ControllerRevisions("a")
	labels := map[string]string{"app": "x"}
	cr := &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: "one", Labels: labels}, Revision: 1}

	look := func(when string, number int64, app string) {
		t.Helper()
		got, failed := api.Get(t.Context(), "one", metav1.GetOptions{})
		if failed != nil {
			t.Fatal(failed)
		}
		if got.Revision != number || got.Labels["app"] != app {
			t.Errorf("%s the controller sees number %d and labels %v", when, got.Revision, got.Labels)
		}
	}
	made, err := api.Create(t.Context(), cr, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if made.Revision != 1 || made.Labels["app"] != "x" {
		t.Errorf("the answer has number %d and labels %v", made.Revision, made.Labels)
	}
	if stored.Revision != 7 || stored.Labels != nil {
		t.Errorf("stored are number %d and labels %v", stored.Revision, stored.Labels)
	}
	look("after its creation", 1, "x")
	made.Revision = 2
	if _, err = api.Update(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if stored.Revision != 14 {
		t.Errorf("stored is number %d", stored.Revision)
	}
	look("after its update", 2, "x")
	stored.Revision, stored.Labels = 20, map[string]string{"app": "y"}
	look("after somebody else's update", 20, "y")
}
