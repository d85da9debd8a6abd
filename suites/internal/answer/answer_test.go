package answer

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/dsconform/dsconform/suites/internal/scene"
)

func invalid(errs ...*field.Error) error {
	return apierrors.NewInvalid(schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, "agent", errs)
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	selector := field.NewPath("spec", "selector")
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"accepted":              {nil, "it was accepted"},
		"never answered":        {errors.New("connection refused"), "it was not answered"},
		"another reason":        {apierrors.NewBadRequest("no"), "the answer is 400 BadRequest instead of 422 Invalid"},
		"the field":             {invalid(field.Invalid(selector, nil, "empty")), ""},
		"the field, wrapped":    {fmt.Errorf("create: %w", invalid(field.Invalid(selector, nil, "empty"))), ""},
		"the other field":       {invalid(field.Invalid(field.NewPath("spec", "template"), nil, "wrong")), ""},
		"among others":          {invalid(field.Required(field.NewPath("metadata", "name"), ""), field.Invalid(selector, nil, "empty")), ""},
		"a field below it":      {invalid(field.Invalid(selector.Child("matchLabels"), nil, "wrong")), "not because of spec.selector or spec.template"},
		"another kind of fault": {invalid(field.Required(selector, "")), "the answer names [spec.selector (FieldValueRequired)]"},
		"nothing is named":      {invalid(), "the answer names []"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene.Expect(t, Invalid(tc.err, metav1.CauseTypeFieldValueInvalid, "spec.selector", "spec.template"), tc.want)
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "daemonsets"}, "agent", errors.New("stale"))
	scene.Expect(t, Refused(conflict, http.StatusConflict, metav1.StatusReasonConflict), "")
	scene.Expect(t, Refused(conflict, http.StatusNotFound, metav1.StatusReasonNotFound), "the answer is 409 Conflict instead of 404 NotFound")
	scene.Expect(t, Refused(nil, http.StatusConflict, metav1.StatusReasonConflict), "it was accepted")
}

func TestUnanswered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		none bool
	}{
		"accepted":   {nil, false},
		"refused":    {invalid(), false},
		"broken":     {apierrors.NewInternalError(errors.New("panic")), false},
		"unreached":  {errors.New("connection refused"), true},
		"busy":       {apierrors.NewTooManyRequestsError("later"), true},
		"overloaded": {apierrors.NewServiceUnavailable("later"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Unanswered(tc.err); (got != nil) != tc.none {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	heard := &Warnings{}
	heard.HandleWarningHeader(299, "-", "spec.template.spec.containers[0].env[1]: hides")
	heard.HandleWarningHeader(199, "-", "of a proxy")
	got := heard.Take()
	if want := []string{"spec.template.spec.containers[0].env[1]: hides"}; !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
	if again := heard.Take(); len(again) != 0 {
		t.Errorf("heard %q twice", again)
	}
	scene.Expect(t, Named(got, "env[1]", "containers[0]"), "")
	if about := About(got, "ports[1]"); len(about) != 0 {
		t.Errorf("%q are about ports", about)
	}
	scene.Expect(t, Named(got, "env[1]", "ports[1]"), `no warning has "ports[1]"`)
	scene.Expect(t, Named(nil, "env[1]"), `no warning has "env[1]"`)
}
