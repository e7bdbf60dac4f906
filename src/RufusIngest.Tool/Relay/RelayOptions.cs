namespace RufusIngest.Tool.Relay;

/// <summary>How a relay goes about it.</summary>
sealed record RelayOptions
{
    /// <summary>Go on until somebody ends it; otherwise it ends when everything that is there was relayed.</summary>
    public bool Follow { get; init; }

    /// <summary>Between two questions what is new.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long nothing may move, not following, until it ends.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Open a session at the cloud although that closes one that is not the relay's.</summary>
    public bool ReplaceActive { get; init; }

    /// <summary>Sessions of the venue server, by token, and the tokens of those of the cloud they go to.</summary>
    public IReadOnlyDictionary<string, string> Named { get; init; } = new Dictionary<string, string>();

    /// <summary>No progress.</summary>
    public bool Quiet { get; init; }
}
