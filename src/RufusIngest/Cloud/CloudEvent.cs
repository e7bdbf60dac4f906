using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>An event of the account; what the server does not say is null.</summary>
public sealed record CloudEvent
{
    /// <summary>Its token, an opaque string; empty when the server leaves it out.</summary>
    public required string EventToken { get; init; }

    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Edition, in free words.</summary>
    public string? Edition { get; init; }

    /// <summary>Where it takes place.</summary>
    public string? Location { get; init; }

    /// <summary>Status in words of the server; which there are is not documented.</summary>
    public string? Status { get; init; }

    /// <summary>When it begins.</summary>
    public DateTimeOffset? StartDate { get; init; }

    /// <summary>When it ends.</summary>
    public DateTimeOffset? EndDate { get; init; }

    internal static CloudEvent Read(JsonElement item) => new()
    {
        EventToken = CloudAnswer.Text(item, "event_token") ?? "",
        Name = CloudAnswer.Text(item, "name"),
        Edition = CloudAnswer.Text(item, "edition"),
        Location = CloudAnswer.Text(item, "location"),
        Status = CloudAnswer.Text(item, "status"),
        StartDate = CloudAnswer.Time(item, "start_date"),
        EndDate = CloudAnswer.Time(item, "end_date"),
    };
}
