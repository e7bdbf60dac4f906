namespace RufusIngest.Tool.Probe;

/// <summary>What a probe is asked to do.</summary>
sealed record ProbeSettings
{
    /// <summary>Base address of the API, with a slash at the end.</summary>
    public required Uri Address { get; init; }

    public required string ApiKey { get; init; }

    /// <summary>Serial number of the throw-away device.</summary>
    public required string Serial { get; init; }

    /// <summary>Largest request that is tried, in passings.</summary>
    public int MaxPassings { get; init; } = 5_000;

    /// <summary>Go on when the device has an active session, or may have one: opening another closes it.</summary>
    public bool ReplaceActive { get; init; }

    /// <summary>Unbind the device at the end, which destroys what is stored of it.</summary>
    public bool Unbind { get; init; }

    /// <summary>File of the exchanges.</summary>
    public FileInfo? Record { get; init; }

    /// <summary>File of the profile.</summary>
    public FileInfo? Profile { get; init; }

    public bool Json { get; init; }

    /// <summary>Most passings it can come to: doubling, then every half accepted, no repeat taken for one.</summary>
    public long MostStored => 100 + (MaxPassings * (2L + (long)Math.Ceiling(Math.Log2(MaxPassings))));

    /// <summary>The text that says what will happen.</summary>
    public string Announcement =>
        $"""
        This probe of {Address.Host}
          - binds a device with the serial number '{Serial}', unless it is bound;
          - opens three sessions of it one after the other and closes them{Closing};
          - stores some thousand passings in them, or up to {MostStored:N0} where repeats are not told apart;
          - {Ending}.
        Use a device that no race needs.
        """;

    string Closing => ReplaceActive ? ", which also closes a session that is active now" : "";

    string Ending => Unbind
        ? "unbinds the device at the end, which destroys all that was ever stored of it"
        : "leaves device, sessions and passings there";
}
