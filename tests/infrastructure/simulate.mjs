// Judges requests by an IAM simulator that knows nothing of this project: JSON simulations in, one result a line out.
import { runSimulation } from '@cloud-copilot/iam-simulate'

const simulations = JSON.parse(await new Response(process.stdin).text())
for (const simulation of simulations) {
  const result = await runSimulation(
    { serviceControlPolicies: [], resourceControlPolicies: [], ...simulation }, {})
  console.log(result.resultType === 'error' ? JSON.stringify(result.errors) : result.overallResult)
}
