package kind

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

// stored gives a token's Secret as the API server hands it out: data, not stringData.
func stored(s *corev1.Secret) *corev1.Secret {
	s.Data = map[string][]byte{}
	for k, v := range s.StringData {
		s.Data[k] = []byte(v)
	}
	s.StringData = nil
	return s
}

func TestUsableToken(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	const id, secret = "abcdef", "0123456789abcdef"
	for _, tc := range []struct {
		name   string
		change func(*corev1.Secret)
		want   bool
	}{
		{"valid", func(*corev1.Secret) {}, true},
		{"never expires", func(s *corev1.Secret) { delete(s.Data, "expiration") }, true},
		{"expired", func(s *corev1.Secret) { s.Data["expiration"] = []byte("2026-11-23T23:59:59Z") }, false},
		{"about to expire", func(s *corev1.Secret) { s.Data["expiration"] = []byte("2026-11-24T00:05:00Z") }, false},
		{"unreadable expiry", func(s *corev1.Secret) { s.Data["expiration"] = []byte("soon") }, false},
		{"not for joining", func(s *corev1.Secret) { delete(s.Data, "usage-bootstrap-authentication") }, false},
		{"not for discovery", func(s *corev1.Secret) { delete(s.Data, "usage-bootstrap-signing") }, false},
		{"another group", func(s *corev1.Secret) { s.Data["auth-extra-groups"] = []byte("system:bootstrappers:other") }, false},
		{"going", func(s *corev1.Secret) { s.DeletionTimestamp = &metav1.Time{Time: now} }, false},
		{"malformed", func(s *corev1.Secret) { s.Data["token-secret"] = []byte("x") }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := stored(tokenSecret(id, secret, now.Add(tokenLife)))
			tc.change(s)
			if token, ok := usable(*s, now); ok != tc.want || (ok && token != id+"."+secret) {
				t.Errorf("got %q, %v; want %v", token, ok, tc.want)
			}
		})
	}
}

func TestJoinTokenTakesTheOneThereIs(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cs := fake.NewClientset(stored(tokenSecret("abcdef", "0123456789abcdef", now.Add(tokenLife))))
	token, err := joinToken(t.Context(), cs, now)
	if err != nil || token != "abcdef.0123456789abcdef" {
		t.Errorf("got %q, %v", token, err)
	}
	for _, a := range cs.Actions() {
		if a.GetVerb() != "list" {
			t.Errorf("unexpected %s of %s", a.GetVerb(), a.GetResource().Resource)
		}
	}
}
