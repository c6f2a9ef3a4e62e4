import { ipAddresses, serviceCidrs } from './address.ts'
import {
  mutatingPolicies,
  mutatingWebhooks,
  policyBindings,
  validatingPolicies,
  validatingWebhooks,
} from './admission-configuration.ts'
import { apiServices } from './api-service.ts'
import type { Behaviour } from './behaviour.ts'
import { certificateSigningRequests } from './certificate-signing-request.ts'
import { componentStatuses } from './component-status.ts'
import { configMaps } from './config-map.ts'
import { controllerRevisions } from './controller-revision.ts'
import { cronJobs } from './cron-job.ts'
import { customResourceDefinitions } from './custom-resource-definition.ts'
import { daemonSets } from './daemon-set.ts'
import { deployments } from './deployment.ts'
import { deviceClasses, resourceClaims, resourceClaimTemplates, resourceSlices } from './dynamic-resources.ts'
import { endpointSlices, endpoints } from './endpoints.ts'
import { coreEvents, newEvents } from './event.ts'
import { flowSchemas, priorityLevels } from './flow-control.ts'
import { autoscalersV1, autoscalersV2 } from './horizontal-pod-autoscaler.ts'
import { ingressClasses, ingresses } from './ingress.ts'
import { jobs } from './job.ts'
import { leases } from './lease.ts'
import { namespaces } from './namespace.ts'
import { networkPolicies } from './network-policy.ts'
import { nodes } from './node.ts'
import { persistentVolumes } from './persistent-volume.ts'
import { persistentVolumeClaims } from './persistent-volume-claim.ts'
import { pods } from './pod.ts'
import { podDisruptionBudgets } from './pod-disruption-budget.ts'
import { podTemplates } from './pod-template.ts'
import { priorityClasses } from './priority-class.ts'
import { bindings, clusterRoles, roles } from './rbac.ts'
import { replicaSets, replicationControllers } from './replica-set.ts'
import { limitRanges, resourceQuotas } from './resource-quota.ts'
import { runtimeClasses } from './runtime-class.ts'
import { secrets } from './secret.ts'
import { services } from './service.ts'
import { serviceAccounts } from './service-account.ts'
import { statefulSets } from './stateful-set.ts'
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
} from './storage.ts'

/**
 * The built-in kinds that behave, by `resource.group`, with `/version` where versions differ. Kinds that are not listed, such as the
 * reviews that store nothing, are what their facts say.
 */
export const behaviours: Readonly<Record<string, Behaviour>> = {
  componentstatuses: componentStatuses,
  configmaps: configMaps,
  endpoints,
  events: coreEvents,
  limitranges: limitRanges,
  namespaces,
  nodes,
  persistentvolumeclaims: persistentVolumeClaims,
  persistentvolumes: persistentVolumes,
  pods,
  podtemplates: podTemplates,
  replicationcontrollers: replicationControllers,
  resourcequotas: resourceQuotas,
  secrets,
  serviceaccounts: serviceAccounts,
  services,
  'apiservices.apiregistration.k8s.io': apiServices,
  'controllerrevisions.apps': controllerRevisions,
  'daemonsets.apps': daemonSets,
  'deployments.apps': deployments,
  'replicasets.apps': replicaSets,
  'statefulsets.apps': statefulSets,
  'events.events.k8s.io': newEvents,
  'horizontalpodautoscalers.autoscaling/v1': autoscalersV1,
  'horizontalpodautoscalers.autoscaling/v2': autoscalersV2,
  'cronjobs.batch': cronJobs,
  'jobs.batch': jobs,
  'certificatesigningrequests.certificates.k8s.io': certificateSigningRequests,
  'ingressclasses.networking.k8s.io': ingressClasses,
  'ingresses.networking.k8s.io': ingresses,
  'ipaddresses.networking.k8s.io': ipAddresses,
  'networkpolicies.networking.k8s.io': networkPolicies,
  'servicecidrs.networking.k8s.io': serviceCidrs,
  'poddisruptionbudgets.policy': podDisruptionBudgets,
  'clusterrolebindings.rbac.authorization.k8s.io': bindings,
  'clusterroles.rbac.authorization.k8s.io': clusterRoles,
  'rolebindings.rbac.authorization.k8s.io': bindings,
  'roles.rbac.authorization.k8s.io': roles,
  'csidrivers.storage.k8s.io': csiDrivers,
  'csinodes.storage.k8s.io': csiNodes,
  'csistoragecapacities.storage.k8s.io': csiStorageCapacities,
  'storageclasses.storage.k8s.io': storageClasses,
  'volumeattachments.storage.k8s.io': volumeAttachments,
  'volumeattributesclasses.storage.k8s.io': volumeAttributesClasses,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': mutatingPolicies,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': policyBindings,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': mutatingWebhooks,
  'validatingadmissionpolicies.admissionregistration.k8s.io': validatingPolicies,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': policyBindings,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': validatingWebhooks,
  'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinitions,
  'priorityclasses.scheduling.k8s.io': priorityClasses,
  'leases.coordination.k8s.io': leases,
  'runtimeclasses.node.k8s.io': runtimeClasses,
  'endpointslices.discovery.k8s.io': endpointSlices,
  'deviceclasses.resource.k8s.io': deviceClasses,
  'resourceclaims.resource.k8s.io': resourceClaims,
  'resourceclaimtemplates.resource.k8s.io': resourceClaimTemplates,
  'resourceslices.resource.k8s.io': resourceSlices,
  'flowschemas.flowcontrol.apiserver.k8s.io': flowSchemas,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': priorityLevels,
}
