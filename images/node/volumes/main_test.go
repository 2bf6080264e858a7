package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	v1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v10/controller"
)

func options(node *v1.Node) controller.ProvisionOptions {
	policy := v1.PersistentVolumeReclaimDelete
	return controller.ProvisionOptions{
		StorageClass: &storagev1.StorageClass{ReclaimPolicy: &policy},
		PVName:       "pvc-1",
		PVC:          &v1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "pallet", Name: "data"}},
		SelectedNode: node,
	}
}

func TestADirectoryForAnybodyIsMadeAndRemoved(t *testing.T) {
	made := directories{root: t.TempDir()}
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1.LabelHostname: "here"}}}
	volume, _, err := made.Provision(context.Background(), options(node))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(volume.Spec.HostPath.Path)
	if err != nil || info.Mode().Perm() != 0o777 {
		t.Fatalf("want a directory of mode 0777, got %v, %v", info, err)
	}
	if err := made.Delete(context.Background(), volume); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(volume.Spec.HostPath.Path); !os.IsNotExist(err) {
		t.Fatal("the directory is still there")
	}
}

func TestAClaimFindsItsDirectoryAgain(t *testing.T) {
	made := directories{root: t.TempDir()}
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1.LabelHostname: "here"}}}
	kept, policy := options(node), v1.PersistentVolumeReclaimRetain
	kept.StorageClass.ReclaimPolicy = &policy
	kept.StorageClass.Parameters = map[string]string{"pathPattern": byClaim}
	first, _, err := made.Provision(context.Background(), kept)
	if err != nil {
		t.Fatal(err)
	}
	kept.PVName = "pvc-2"
	second, _, err := made.Provision(context.Background(), kept)
	if err != nil || first.Spec.HostPath.Path != second.Spec.HostPath.Path {
		t.Fatalf("want %s again, got %v, %v", first.Spec.HostPath.Path, second, err)
	}
	if second.Spec.PersistentVolumeReclaimPolicy != v1.PersistentVolumeReclaimRetain {
		t.Fatal("what is found again must be retained")
	}
}

func TestAPatternThatWouldLoseDataIsRefused(t *testing.T) {
	made := directories{root: t.TempDir()}
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1.LabelHostname: "here"}}}
	deleted := options(node)
	deleted.StorageClass.Parameters = map[string]string{"pathPattern": byClaim}
	if _, _, err := made.Provision(context.Background(), deleted); err == nil {
		t.Fatal("want a refusal: the next claim of that name would find its directory removed")
	}
	unknown, policy := options(node), v1.PersistentVolumeReclaimRetain
	unknown.StorageClass.ReclaimPolicy = &policy
	unknown.StorageClass.Parameters = map[string]string{"pathPattern": "{{ .PVC.Name }}/../.."}
	if _, _, err := made.Provision(context.Background(), unknown); err == nil {
		t.Fatal("want a refusal")
	}
}

func TestNothingOutsideItsRootIsRemoved(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "precious")
	if err := os.Mkdir(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	source := v1.PersistentVolumeSource{HostPath: &v1.HostPathVolumeSource{Path: elsewhere}}
	volume := &v1.PersistentVolume{Spec: v1.PersistentVolumeSpec{PersistentVolumeSource: source}}
	if err := (directories{root: t.TempDir()}).Delete(context.Background(), volume); err == nil {
		t.Fatal("want a refusal")
	}
	if _, err := os.Stat(elsewhere); err != nil {
		t.Fatal("it was removed")
	}
}

func TestWithoutANodeThereIsNoVolume(t *testing.T) {
	if _, _, err := (directories{root: t.TempDir()}).Provision(context.Background(), options(nil)); err == nil {
		t.Fatal("want a refusal")
	}
}
