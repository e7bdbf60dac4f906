namespace RufusIngest.Server;

/// <summary>A key that a file or database keeps; its secret is kept by nobody.</summary>
/// <param name="Name">What logs call it; one of its kind in the company.</param>
/// <param name="Company">Whose devices it sees.</param>
/// <param name="Access">What it may do.</param>
/// <param name="Created">When it was added, UTC.</param>
public sealed record KeptVenueKey(string Name, string Company, VenueAccess Access, DateTimeOffset Created);

/// <summary>
/// The keys that a server's file or database keeps, also while servers use it: those learn of a change within
/// <see cref="VenueServerOptions.KeyRenewal"/>. Of the options, only where the data is and the clock count. Every member
/// may be called from any thread.
/// </summary>
public static class VenueKeys
{
    /// <summary>All that are kept, of all companies, in the order in which they were added.</summary>
    /// <exception cref="ArgumentException">The options name neither file nor database, or both.</exception>
    /// <exception cref="VenueDataException">The file or the database cannot be used.</exception>
    public static Task<IReadOnlyList<KeptVenueKey>> ListAsync(
        VenueServerOptions options, CancellationToken cancellationToken) => DoAsync(
            options, async store => await store.ListKeysAsync(cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>The names of all companies that ever had a key there, kept or given at a start.</summary>
    /// <exception cref="ArgumentException">The options name neither file nor database, or both.</exception>
    /// <exception cref="VenueDataException">The file or the database cannot be used.</exception>
    public static Task<IReadOnlyList<string>> CompaniesAsync(
        VenueServerOptions options, CancellationToken cancellationToken) => DoAsync<IReadOnlyList<string>>(
            options, async store => await store.CompaniesAsync(cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>Keeps a key, as a hash.</summary>
    /// <returns>
    /// False when its company keeps 10 already or one of this name, or when the secret is some company's already.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The options name neither file nor database, or both; or the key cannot be sent.
    /// </exception>
    /// <exception cref="VenueDataException">The file or the database cannot be used.</exception>
    public static Task<bool> AddAsync(
        VenueServerOptions options, VenueKey key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        return DoAsync(
            options,
            async store =>
            {
                var stored = await ApiKeys.StoredAsync([key], store).ConfigureAwait(false);
                return await store.TryAddKeyAsync(stored[0]).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>
    /// Revokes a key, and the page's sign-ins with it. After the last one, the next start of a server without keys of its
    /// own makes a new one.
    /// </summary>
    /// <returns>False when the company keeps none of this name.</returns>
    /// <exception cref="ArgumentException">The options name neither file nor database, or both.</exception>
    /// <exception cref="VenueDataException">The file or the database cannot be used.</exception>
    public static Task<bool> RemoveAsync(
        VenueServerOptions options, string company, string name, CancellationToken cancellationToken) => DoAsync(
            options,
            async store =>
            {
                var companies = await store.CompaniesAsync(cancellationToken).ConfigureAwait(false);
                return companies.Contains(company) // Otherwise it would be made.
                    && await store.RemoveKeyAsync(await store.CompanyAsync(company).ConfigureAwait(false), name)
                        .ConfigureAwait(false);
            },
            cancellationToken);

    static async Task<T> DoAsync<T>(
        VenueServerOptions options, Func<VenueStore, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (!options.KeepsKeys)
            throw new ArgumentException("Name the file or the database that keeps the keys.", nameof(options));
        if (options.DataFile is { } file && !File.Exists(file))
            throw new VenueDataException($"{file}: there is no such file.");
        var store = await VenueServer.OpenAsync(options, isBeside: true, cancellationToken).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
            return await work(store).ConfigureAwait(false);
    }
}
