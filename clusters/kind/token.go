package kind

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"

	"github.com/dsconform/dsconform/clusters/await"
)

// tokenLife is how long a token made here lives: for one join, with room.
const tokenLife = time.Hour

// tokenMargin is how long a token found has to live on to be used.
const tokenMargin = 10 * time.Minute

// kubeadmGroupOfNodes is the group kubeadm lets join nodes.
const kubeadmGroupOfNodes = "system:bootstrappers:kubeadm:default-node-token"

// joinToken gives a bootstrap token with which a node can join. The one kind
// made the cluster with serves for a day; after that a new one is made, and
// kubeadm is not started before the cluster has signed its discovery document
// with it, because it looks again only every five seconds.
func joinToken(ctx context.Context, cs kubernetes.Interface, now time.Time) (string, error) {
	secrets := cs.CoreV1().Secrets(metav1.NamespaceSystem)
	list, err := secrets.List(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("type", string(bootstrapapi.SecretTypeBootstrapToken)).String()})
	if err != nil {
		return "", fmt.Errorf("listing the bootstrap tokens: %w", err)
	}
	for _, s := range list.Items {
		if token, ok := usable(s, now); ok {
			return token, nil
		}
	}
	token, err := bootstraputil.GenerateBootstrapToken()
	if err != nil {
		return "", fmt.Errorf("making a bootstrap token: %w", err)
	}
	id, secret, _ := strings.Cut(token, ".")
	if _, err = secrets.Create(ctx, tokenSecret(id, secret, now.Add(tokenLife)), metav1.CreateOptions{}); err != nil {
		return "", fmt.Errorf("making a bootstrap token: %w", err)
	}
	info := cache.NewListWatchFromClient(cs.CoreV1().RESTClient(), "configmaps", metav1.NamespacePublic,
		fields.OneTermEqualSelector(metav1.ObjectNameField, bootstrapapi.ConfigMapClusterInfo))
	err = await.Until(ctx, info, "the cluster to sign its discovery document with a new bootstrap token", func(maps []*corev1.ConfigMap) (bool, string) {
		for _, m := range maps {
			if m.Data[bootstrapapi.JWSSignatureKeyPrefix+id] != "" {
				return true, ""
			}
		}
		return false, "kube-controller-manager has not done so"
	})
	return token, err
}

// usable gives the token in a Secret if nodes can join with it for a while yet.
func usable(s corev1.Secret, now time.Time) (string, bool) {
	get := func(key string) string { return string(s.Data[key]) }
	if s.DeletionTimestamp != nil ||
		get(bootstrapapi.BootstrapTokenUsageAuthentication) != "true" ||
		get(bootstrapapi.BootstrapTokenUsageSigningKey) != "true" ||
		!strings.Contains(get(bootstrapapi.BootstrapTokenExtraGroupsKey), kubeadmGroupOfNodes) {
		return "", false
	}
	if expires := get(bootstrapapi.BootstrapTokenExpirationKey); expires != "" {
		at, err := time.Parse(time.RFC3339, expires)
		if err != nil || at.Before(now.Add(tokenMargin)) {
			return "", false
		}
	}
	token := bootstraputil.TokenFromIDAndSecret(get(bootstrapapi.BootstrapTokenIDKey), get(bootstrapapi.BootstrapTokenSecretKey))
	return token, bootstraputil.IsValidBootstrapToken(token)
}

func tokenSecret(id, secret string, expires time.Time) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: bootstraputil.BootstrapTokenSecretName(id), Namespace: metav1.NamespaceSystem},
		Type:       bootstrapapi.SecretTypeBootstrapToken,
		StringData: map[string]string{
			bootstrapapi.BootstrapTokenIDKey:               id,
			bootstrapapi.BootstrapTokenSecretKey:           secret,
			bootstrapapi.BootstrapTokenExpirationKey:       expires.UTC().Format(time.RFC3339),
			bootstrapapi.BootstrapTokenUsageAuthentication: "true",
			bootstrapapi.BootstrapTokenUsageSigningKey:     "true",
			bootstrapapi.BootstrapTokenExtraGroupsKey:      kubeadmGroupOfNodes,
			bootstrapapi.BootstrapTokenDescriptionKey:      "a node joined by dsconform",
		},
	}
}
