using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>How a live run sends and what it keeps.</summary>
sealed record LiveOptions
{
    /// <summary>The event's journal; null: what cannot be sent is written to a file at the end.</summary>
    public FileInfo? Journal { get; init; }

    /// <summary>Where that file goes.</summary>
    public required string UnsentFolder { get; init; }

    public SessionGonePolicy WhenSessionGone { get; init; }

    /// <summary>Open sessions although that closes those that devices have active.</summary>
    public bool ReplaceActive { get; init; }

    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public bool Compress { get; init; }

    /// <summary>Close the sessions at the end, instead of leaving them open for the next start.</summary>
    public bool CloseSessions { get; init; }

    /// <summary>No progress and no remarks that are only informative.</summary>
    public bool Quiet { get; init; }

    public UploadOptions ToUpload() => new()
    {
        RequestTimeout = RequestTimeout,
        WhenSessionGone = WhenSessionGone,
        Compress = Compress,
    };
}
