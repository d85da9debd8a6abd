package subject

import (
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/dsconform/dsconform/framework/faults"
)

const (
	// accountName is the service account that the cluster's own DaemonSet
	// controller acts as; the API server binds its role to it by itself.
	accountName = "daemon-set-controller"
	// roleName is that role.
	roleName = "system:controller:daemon-set-controller"
	// tokenLife is longer than any run.
	tokenLife = 24 * time.Hour
)

// account makes sure that the DaemonSet controller's service account is there:
// where the controller has never run, nobody has made it. It tells whether it
// was made just now.
func account(ctx context.Context, cs kubernetes.Interface) (made bool, err error) {
	if _, err = cs.RbacV1().ClusterRoles().Get(ctx, roleName, metav1.GetOptions{}); err != nil {
		return false, fmt.Errorf("reading the role of the DaemonSet controller, ClusterRole %s: %w", roleName, err)
	}
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: accountName, Namespace: metav1.NamespaceSystem}}
	_, err = cs.CoreV1().ServiceAccounts(metav1.NamespaceSystem).Create(ctx, sa, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return false, fmt.Errorf("making the service account %s/%s: %w", metav1.NamespaceSystem, accountName, err)
	}
	return err == nil, nil
}

// token asks for a token of the DaemonSet controller's service account.
func token(ctx context.Context, cs kubernetes.Interface) (string, error) {
	seconds := int64(tokenLife / time.Second)
	got, err := cs.CoreV1().ServiceAccounts(metav1.NamespaceSystem).CreateToken(ctx, accountName,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("asking for a token of the service account %s/%s: %w", metav1.NamespaceSystem, accountName, err)
	}
	return got.Status.Token, nil
}

// through gives admin's configuration as it is for those who come by way of the
// proxy.
func through(admin *rest.Config, proxy *faults.Proxy) *rest.Config {
	if proxy == nil {
		return admin
	}
	return &rest.Config{Host: proxy.URL, TLSClientConfig: rest.TLSClientConfig{CAData: proxy.CA}}
}

// kubeconfig is a configuration for the same API server as admin's, with the
// token as its only credential, and with all it needs within.
func kubeconfig(admin *rest.Config, token string) (*clientcmdapi.Config, error) {
	config := rest.CopyConfig(admin)
	if err := rest.LoadTLSFiles(config); err != nil {
		return nil, fmt.Errorf("reading the certificate of the cluster's authority: %w", err)
	}
	host, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address %q: %w", config.Host, err)
	}
	const name = "subject"
	return &clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{name: {
			Server: host.String(), CertificateAuthorityData: config.CAData,
			TLSServerName: config.ServerName, InsecureSkipTLSVerify: config.Insecure,
		}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {Token: token}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, nil
}

// writeKubeconfig asks for a token and writes the kubeconfig that holds it, for
// the server and authority of the configuration given.
func writeKubeconfig(ctx context.Context, server *rest.Config, cs kubernetes.Interface, path string) error {
	t, err := token(ctx, cs)
	if err != nil {
		return err
	}
	config, err := kubeconfig(server, t)
	if err != nil {
		return err
	}
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("writing the subject's kubeconfig: %w", err)
	}
	return nil
}
