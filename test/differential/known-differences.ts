/** Cases in which the hub answers otherwise than kube-apiserver, with the reason. Each line is a debt or a decision. */
export const differences: Readonly<Record<string, string>> = {}
