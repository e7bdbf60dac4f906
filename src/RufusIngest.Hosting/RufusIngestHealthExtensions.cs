using Microsoft.Extensions.Diagnostics.HealthChecks;
using RufusIngest.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health check of the hosted ingest.</summary>
public static class RufusIngestHealthExtensions
{
    /// <summary>
    /// Adds the health check of the ingest: unhealthy when it has not started, has stopped or failed, or the journal
    /// cannot be written; degraded when a session is stopped or missing, or a passing waits too long
    /// (<see cref="RufusIngestOptions.DegradedAfter"/>).
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">Its name.</param>
    /// <param name="failureStatus">What to say instead of unhealthy.</param>
    /// <param name="tags">Tags to select it by.</param>
    public static IHealthChecksBuilder AddRufusIngest(
        this IHealthChecksBuilder builder, string name = "rufus_ingest", HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            services => new RufusIngestHealthCheck(services.GetRequiredService<RufusIngestService>()),
            failureStatus,
            tags));
    }
}
