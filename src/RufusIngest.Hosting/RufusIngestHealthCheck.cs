using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RufusIngest.Hosting;

/// <summary>The health check: says what the service says of itself.</summary>
sealed class RufusIngestHealthCheck(RufusIngestService service) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IngestHealth health = service.GetHealth();
        HealthStatus status = health.Status == HealthStatus.Unhealthy
            ? context.Registration.FailureStatus
            : health.Status;
        return Task.FromResult(new HealthCheckResult(status, health.Description, data: health.Data));
    }
}
