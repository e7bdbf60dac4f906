using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RufusIngest.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the hosted ingest.</summary>
public static class RufusIngestExtensions
{
    /// <summary>
    /// Adds <see cref="RufusIngestService"/> as a singleton and hosted service. Its clock is the
    /// <see cref="TimeProvider"/> among the services, or the system's. Call it once; services that feed it come after.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    public static IServiceCollection AddRufusIngest(
        this IServiceCollection services, Action<RufusIngestOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        Add(services).Configure(configure);
        return services;
    }

    /// <summary>As the other one, with options from configuration; an option it does not know is a fault.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">
    /// Usually <c>configuration.GetSection("RufusIngest")</c>. Keep the key out of files: the environment variable
    /// <c>RufusIngest__ApiKey</c> or user secrets reach the same section.
    /// </param>
    public static IServiceCollection AddRufusIngest(this IServiceCollection services, IConfiguration section) =>
        AddRufusIngest(services, section, _ => { });

    /// <summary>As the other one, with options from configuration and then from code.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">As for the other one.</param>
    /// <param name="configure">Sets what configuration cannot, after it.</param>
    public static IServiceCollection AddRufusIngest(
        this IServiceCollection services, IConfiguration section, Action<RufusIngestOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        ArgumentNullException.ThrowIfNull(configure);
        Add(services).Bind(section, binder => binder.ErrorOnUnknownConfiguration = true).Configure(configure);
        return services;
    }

    static OptionsBuilder<RufusIngestOptions> Add(IServiceCollection services)
    {
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<RufusIngestOptions>, RufusIngestValidator>());
        services.TryAddSingleton(provider => new RufusIngestService(
            provider.GetRequiredService<IOptions<RufusIngestOptions>>(),
            provider.GetService<TimeProvider>() ?? TimeProvider.System,
            provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance));
        services.AddHostedService(provider => provider.GetRequiredService<RufusIngestService>());
        return services.AddOptions<RufusIngestOptions>().ValidateOnStart();
    }
}
